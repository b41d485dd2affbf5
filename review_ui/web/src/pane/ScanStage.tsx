/** The place of the viewer, with its read-outs around the edges. */

import { type ReactNode, useEffect, useRef } from 'react'
import { useStore } from 'zustand'

import type { ScanView } from '../api/types'
import { grouped, percent } from '../format'
import { useT } from '../i18n'
import { useRoom } from '../shell/Movable'
import type { EnergyStatistics, Measurement } from '../viewer'
import { usePane, usePaneState } from './PaneContext'

type Facts = Pick<ScanView, 'modality' | 'levels' | 'bit_depth' | 'pixel_pitch_mm'>

export interface ScanStageProps {
  scan: Facts | null
  /** What a screen reader calls the image. */
  label?: string
  /** Laid over the image: states, banners. */
  children?: ReactNode
}

export function ScanStage({ scan, label, children }: ScanStageProps) {
  const t = useT()
  const name = label ?? t('view.image')
  const pane = usePane()
  const host = useRef<HTMLDivElement>(null)
  useEffect(() => (host.current ? pane.attach(host.current) : undefined), [pane])
  const room = useRoom()
  useEffect(() => {
    void room
    pane.rehosted()
  }, [pane, room])
  return (
    <section className="sx-stage" aria-label={name}>
      <div
        ref={host}
        className="sx-stage-host"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the image takes the focus, so that keys reach it
        tabIndex={0}
        role="application"
        aria-label={name}
      />
      {scan ? (
        <>
          <ScanReadout scan={scan} />
          <ViewReadout />
          <ProbeReadout />
          <MeasureReadout pitchMm={scan.pixel_pitch_mm} />
          <LoadBar />
          <StageError />
        </>
      ) : null}
      {children}
    </section>
  )
}

function ScanReadout({ scan }: { scan: Facts }) {
  const t = useT()
  const full = scan.levels[scan.levels.length - 1]
  if (!full) return null
  return (
    <div className="sx-readout is-top-left">
      <b>
        {t(`modality.${scan.modality}`)} · {t(full.n_channels > 1 ? 'view.dual' : 'view.single')}
      </b>
      <span>
        {full.width_px} × {full.height_px} · {scan.bit_depth} bit
        {scan.pixel_pitch_mm ? ` · ${scan.pixel_pitch_mm.toFixed(1)} mm/px` : ''}
      </span>
    </div>
  )
}

function ViewReadout() {
  const t = useT()
  const view = usePaneState((state) => state.view)
  if (!view) return null
  return (
    <div className="sx-readout is-top-right">
      <Figure name={t('view.zoom')} value={percent(view.zoom)} />
      <Figure name={t('view.window')} value={grouped(view.window)} />
      <Figure name={t('view.level')} value={grouped(view.level)} />
      {view.logarithmic ? <em>{t('view.logarithmic')}</em> : null}
      {view.gamma !== 1 ? <Figure name={t('gamma.label')} value={view.gamma.toFixed(2)} /> : null}
      {view.sharpen > 0 ? <Figure name={t('view.sharpen')} value={view.sharpen.toFixed(2)} /> : null}
      {view.highlight ? (
        <Figure
          name={t('view.highlight')}
          value={`${grouped(view.highlight[0])}–${grouped(view.highlight[1])}`}
        />
      ) : null}
      {view.channel === 'low' ? <em>{t('view.channelLow')}</em> : null}
      {view.inverted ? <em>{t('view.inverted')}</em> : null}
      {view.flippedX || view.flippedY ? <em>{t('view.flipped')}</em> : null}
      {view.turns > 0 ? <em>{t('view.turned', { degrees: 90 * view.turns })}</em> : null}
    </div>
  )
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <span>
      {name} <b className="sx-num">{value}</b>
    </span>
  )
}

function ProbeReadout() {
  const t = useT()
  const probe = useStore(usePane().probe, (state) => state.probe)
  if (!probe) return <div className="sx-readout is-bottom-left is-hint">{t('view.probeHint')}</div>
  return (
    <div className="sx-readout is-bottom-left">
      <span className="sx-num sx-probe-xy">
        x {Math.floor(probe.x)} · y {Math.floor(probe.y)}
      </span>
      <Figure name={t('view.high')} value={grouped(probe.high)} />
      {probe.low !== null ? <Figure name={t('view.low')} value={grouped(probe.low)} /> : null}
      {probe.z_eff !== null ? <Figure name={t('view.zEff')} value={probe.z_eff.toFixed(1)} /> : null}
      {probe.material ? (
        <span className={`sx-material is-${probe.material}`}>{t(`material.${probe.material}`)}</span>
      ) : null}
    </div>
  )
}

function MeasureReadout({ pitchMm }: { pitchMm: number | null }) {
  const measurement = usePaneState((state) => state.measurement)
  if (!measurement) return null
  return (
    <div className="sx-readout is-bottom-right">{<MeasureText of={measurement} pitchMm={pitchMm} />}</div>
  )
}

function MeasureText({ of, pitchMm }: { of: Measurement; pitchMm: number | null }) {
  const t = useT()
  if ('length_px' in of) {
    const lengthMm = of.length_mm ?? (pitchMm ? of.length_px * pitchMm : null)
    const mm = lengthMm === null ? '' : ` · ${grouped(lengthMm)} mm`
    return <Figure name={t('view.measureLength')} value={`${of.length_px.toFixed(1)} px${mm}`} />
  }
  const { roi } = of
  return (
    <>
      <Figure
        name={t('view.roi')}
        value={`${grouped(roi.box[2] - roi.box[0])} × ${grouped(roi.box[3] - roi.box[1])}`}
      />
      <EnergyFigures name={t('view.high')} of={roi.high} />
      {roi.low ? <EnergyFigures name={t('view.low')} of={roi.low} /> : null}
      {roi.ratio !== null ? <Figure name={t('view.roiRatio')} value={roi.ratio.toFixed(3)} /> : null}
    </>
  )
}

function EnergyFigures({ name, of }: { name: string; of: EnergyStatistics }) {
  const t = useT()
  return (
    <span className="sx-roi-energy">
      <em>{name}</em>
      <Figure name={t('view.roiMean')} value={grouped(of.mean)} />
      <Figure name={t('view.roiStd')} value={grouped(of.std)} />
      <Figure name={t('view.roiRange')} value={`${grouped(of.min)}–${grouped(of.max)}`} />
    </span>
  )
}

function LoadBar() {
  const t = useT()
  const load = usePaneState((state) => (state.scan ? state.loads[state.scan.key] : undefined))
  if (load?.stage === 'full' && load.ratio >= 1) return null
  const ratio = load?.stage === 'full' ? load.ratio : 0
  return (
    <div
      className="sx-load"
      role="progressbar"
      aria-label={t('view.loading', { percent: percent(ratio) })}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(ratio * 100)}
    >
      <i style={{ transform: `scaleX(${ratio})` }} />
      <span>
        {load?.stage === 'full' ? `${t('view.preview')} · ` : ''}
        {t('view.loading', { percent: percent(ratio) })}
      </span>
    </div>
  )
}

function StageError() {
  const t = useT()
  const pane = usePane()
  const error = usePaneState((state) =>
    state.error && state.error.key === state.scan?.key ? state.error : null,
  )
  if (!error) return null
  return (
    <div className="sx-stage-error" role="alert">
      <b>{t('view.failed')}</b>
      <span>{error.status === 404 ? t('view.failedGone') : error.message}</span>
      {error.status ? <code>{error.status}</code> : null}
      <button type="button" className="sx-button" onClick={() => pane.retry()}>
        {t('app.retry')}
      </button>
    </div>
  )
}
