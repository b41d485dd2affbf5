/** How many findings are listed. */

/** With thousands of rows the browser is late with every frame of the image. */
export const PAGE = 100

/** Rows to list of `n`, and how many more the next page has: what was asked for, and always the selected row. */
export function listing(
  n: number,
  nWanted: number,
  selectedPlace: number,
): { nShown: number; nMore: number } {
  const nShown = Math.max(nWanted, Math.ceil((selectedPlace + 1) / PAGE) * PAGE)
  return { nShown: Math.min(n, nShown), nMore: Math.min(PAGE, Math.max(0, n - nShown)) }
}
