/** The detail of an audit event for a narrow place: of a digest, its beginning says which it is. */
export function briefDetail(detail: string | null): string {
  return (detail ?? '').replace(/\b(content=[0-9a-f]{8})[0-9a-f]{56}\b/, '$1…')
}
