/** The mark of the application. */
export function Shield() {
  return (
    <svg className="sx-shield" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M12 2.2 20 5v6.3c0 5-3.3 8.8-8 10.5-4.7-1.7-8-5.5-8-10.5V5z" fill="none" strokeWidth="1.7" />
      <path d="m8.4 11.8 2.6 2.6 4.8-5" fill="none" strokeWidth="1.7" strokeLinecap="round" />
    </svg>
  )
}
