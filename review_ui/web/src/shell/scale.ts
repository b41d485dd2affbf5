/** One base size for the whole page, from 1366×768 to 4K: the root font size, and antd's tokens from it. */

import { useEffect, useState } from 'react'

const REFERENCE_PX = 14
const MIN_PX = 12
const MAX_PX = 26

/** 14 px at 1920×1080; grows slower than the screen, so that a larger screen also shows more. */
export function baseSizePx(widthPx: number, heightPx: number): number {
  const ratio = Math.min(widthPx / 1920, heightPx / 1080)
  return Math.min(MAX_PX, Math.max(MIN_PX, Math.round(REFERENCE_PX * ratio ** 0.7)))
}

export function useBaseSize(): number {
  const [basePx, setBasePx] = useState(() => baseSizePx(window.innerWidth, window.innerHeight))
  useEffect(() => {
    const measure = () => setBasePx(baseSizePx(window.innerWidth, window.innerHeight))
    window.addEventListener('resize', measure)
    return () => window.removeEventListener('resize', measure)
  }, [])
  useEffect(() => {
    document.documentElement.style.fontSize = `${basePx}px`
  }, [basePx])
  return basePx
}
