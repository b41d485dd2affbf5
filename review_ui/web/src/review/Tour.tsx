/**
 * Shows the parts of the workstation one by one.
 *
 * The browser's own dialog rather than antd's Tour: it keeps the focus, is announced as a dialog, and needs no
 * style element without a nonce.
 */

import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react'

import { useT } from '../i18n'
import { keyLabel } from '../keys/bindings'
import { useSettings } from '../settings'
import { beside, type Rect } from './beside'
import { useDesk, useSeatState } from './SeatContext'
import { endTour, giveWay, offerTour, startTour, useTour } from './tourState'

const STEPS = [
  { text: 'case', target: '.sx-case' },
  { text: 'image', target: '.sx-stage' },
  { text: 'tools', target: '.sx-rail' },
  { text: 'modes', target: '.sx-modes' },
  { text: 'panel', target: '.sx-panel' },
  { text: 'verdict', target: '.sx-decision' },
  { text: 'pause', target: '.sx-pause' },
  { text: 'help', target: '.sx-avatar' },
] as const

const MARGIN_PX = 4

export function Tour({ accountId }: { accountId: number }) {
  const isOpen = useTour((state) => state.isOpen)
  const isNew = useIsNew(accountId)
  const isEmpty = useSeatState(({ phase }) => phase === 'empty')
  const hasCase = useSeatState(({ current }) => current !== null)
  useEffect(() => {
    if (isNew && isEmpty) offerTour()
  }, [isNew, isEmpty])
  useEffect(() => {
    if (hasCase) giveWay()
  }, [hasCase])
  useEffect(() => giveWay, [])
  return isOpen ? <TourDialog accountId={accountId} /> : null
}

/** Whoever has decided a case needs no tour without being asked. */
function useIsNew(accountId: number): boolean {
  const hasDecided = useSeatState(({ done }) => done.length > 0)
  return useSettings(({ toured }) => !toured.includes(accountId)) && !hasDecided
}

/** For who is new and has a case: says that there is a tour, and stands in nobody's way. */
export function TourInvitation({ accountId }: { accountId: number }) {
  const t = useT()
  const { seat } = useDesk()
  const isNew = useIsNew(accountId)
  const hasCase = useSeatState(({ current }) => current !== null)
  const setToured = useSettings((settings) => settings.setToured)
  if (!isNew || !hasCase) return null
  return (
    <div className="sx-notice">
      <span>{t('tour.invitation', { key: keyLabel('help') })}</span>
      <button type="button" className="sx-button" onClick={() => startTour(seat)}>
        {t('tour.start')}
      </button>
      <button type="button" className="sx-button" onClick={() => setToured(accountId)}>
        {t('tour.decline')}
      </button>
    </div>
  )
}

function TourDialog({ accountId }: { accountId: number }) {
  const t = useT()
  const { seat } = useDesk()
  const [step, setStep] = useState(0)
  const dialog = useRef<HTMLDialogElement>(null)
  const next = useRef<HTMLButtonElement>(null)
  const { text, target } = STEPS[step]
  const isLast = step === STEPS.length - 1
  const { spot, card, cardRef } = usePlaces(target)
  useEffect(() => {
    dialog.current?.showModal()
    next.current?.focus()
  }, [])
  const go = (by: number) => setStep(Math.max(0, Math.min(step + by, STEPS.length - 1)))
  const end = () => endTour(seat, accountId)
  const turn = (event: KeyboardEvent) => {
    if (event.key === 'ArrowRight') go(1)
    else if (event.key === 'ArrowLeft') go(-1)
  }
  return (
    <dialog ref={dialog} className="sx-tour" aria-labelledby="sx-tour-title" onClose={end} onKeyDown={turn}>
      <i className="sx-tour-spot" style={spot} />
      <div ref={cardRef} className="sx-tour-card" style={card}>
        <div aria-live="polite">
          <h2 id="sx-tour-title">{t(`tour.${text}.title`)}</h2>
          <p>{t(`tour.${text}`, keys())}</p>
        </div>
        <footer>
          <span className="sx-num">
            {step + 1} / {STEPS.length}
          </span>
          <button type="button" className="sx-button" onClick={end}>
            {t('tour.skip')}{' '}
            <span className="sx-key" aria-hidden="true">
              Esc
            </span>
          </button>
          <button type="button" className="sx-button" disabled={step === 0} onClick={() => go(-1)}>
            {t('tour.back')}
          </button>
          <button
            ref={next}
            type="button"
            className="sx-button is-primary"
            onClick={isLast ? end : () => go(1)}
          >
            {t(isLast ? 'tour.end' : 'tour.next')}
          </button>
        </footer>
      </div>
    </dialog>
  )
}

/** The keys that the texts name, as they are now. */
function keys(): Record<string, string> {
  const names = [
    'nextFinding',
    'acceptFinding',
    'rejectFinding',
    'box',
    'release',
    'inspect',
    'escalate',
  ] as const
  const more = ['rescan', 'confirm', 'takeBack', 'pause', 'help', 'magnifier', 'window', 'popImage'] as const
  return Object.fromEntries([...names, ...more].map((id) => [id, keyLabel(id)]))
}

/** Where the part is that a step is about, and where its card goes. */
function usePlaces(target: string) {
  const t = useT()
  const cardRef = useRef<HTMLDivElement>(null)
  const [spot, setSpot] = useState<Rect>({ left: 0, top: 0, width: 0, height: 0 })
  const [card, setCard] = useState({ left: 0, top: 0 })
  useLayoutEffect(() => {
    // Other words take other room.
    void t
    const place = () => {
      const part = document.querySelector(target)?.getBoundingClientRect()
      const own = cardRef.current
      if (!part || !own) return
      const [left, top] = [Math.max(0, part.left - MARGIN_PX), Math.max(0, part.top - MARGIN_PX)]
      const rect = {
        left,
        top,
        width: Math.min(window.innerWidth, part.right + MARGIN_PX) - left,
        height: Math.min(window.innerHeight, part.bottom + MARGIN_PX) - top,
      }
      const size = { width: own.offsetWidth, height: own.offsetHeight }
      setSpot(rect)
      setCard(beside(rect, size, { width: window.innerWidth, height: window.innerHeight }))
    }
    place()
    window.addEventListener('resize', place)
    return () => window.removeEventListener('resize', place)
  }, [target, t])
  return { spot, card, cardRef }
}
