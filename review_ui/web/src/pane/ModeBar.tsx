/** Display modes, window presets, histogram and sharpening, in one row above the image. */

import { Slider } from 'antd'
import { type PointerEvent, useEffect, useRef } from 'react'

import { usePick, useT } from '../i18n'
import { keyLabel } from '../keys/bindings'
import { histogramPath, windowSpan } from './histogram'
import { usePane, usePaneState } from './PaneContext'
import { DUAL_MODES, gammaSteps, MODES, MOST_GAMMA_STEPS, presetsOf } from './pane'

export function ModeBar() {
  return (
    <div className="sx-modes">
      <ModeButtons />
      <PresetButtons />
      <Histogram />
      <GammaSlider />
      <SharpenSlider />
    </div>
  )
}

function ModeButtons() {
  const t = useT()
  const pane = usePane()
  const mode = usePaneState((state) => state.view?.mode)
  const isDual = usePaneState((state) => (state.scan?.levels[0]?.n_channels ?? 0) > 1)
  return (
    <div className="sx-chips" role="toolbar" aria-label={t('mode.label')}>
      {MODES.map((id, index) => {
        const lacksEnergy = DUAL_MODES.has(id) && !isDual
        const name = t(`mode.${id}`)
        return (
          <button
            key={id}
            type="button"
            className={`sx-chip${mode === id ? ' is-on' : ''}`}
            aria-pressed={mode === id}
            disabled={mode === undefined || lacksEnergy}
            title={lacksEnergy && mode ? `${name}: ${t('mode.needsDual')}` : `${name} (Shift+${index + 1})`}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => pane.setMode(id)}
          >
            {name}
            <span className="sx-cap" aria-hidden="true">
              ⇧{index + 1}
            </span>
          </button>
        )
      })}
    </div>
  )
}

function PresetButtons() {
  const t = useT()
  const pick = usePick()
  const pane = usePane()
  const presets = usePaneState((state) => presetsOf(state.scan))
  const view = usePaneState((state) =>
    state.view ? { window: state.view.window, level: state.view.level } : null,
  )
  return (
    <div className="sx-chips is-digits" role="toolbar" aria-label={t('preset.label')}>
      {presets.map((preset, index) => {
        const isOn = view?.window === preset.window && view.level === preset.level
        const name = pick(preset, preset.id)
        return (
          <button
            key={preset.id}
            type="button"
            className={`sx-chip${isOn ? ' is-on' : ''}`}
            aria-pressed={isOn}
            aria-label={`${index + 1} ${name}`}
            title={`${name} (${index + 1})`}
            disabled={!view}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => pane.preset(index + 1)}
          >
            {index + 1}
          </button>
        )
      })}
      <PresetName />
    </div>
  )
}

function PresetName() {
  const pick = usePick()
  const preset = usePaneState((state) =>
    presetsOf(state.scan).find(
      ({ window, level }) => window === state.view?.window && level === state.view.level,
    ),
  )
  return <span className="sx-preset-name">{preset ? pick(preset, preset.id) : '·'}</span>
}

const HISTOGRAM_BINS = 128

function Histogram() {
  const t = useT()
  const pane = usePane()
  const path = useRef<SVGPathElement>(null)
  const paints = usePaneState((state) => state.paints)
  const key = usePaneState((state) => state.scan?.key)
  const span = usePaneState((state) => (state.view ? windowSpan(state.view) : null))
  useEffect(() => {
    // The image comes first: the histogram waits for a quiet moment.
    void paints
    const draw = () =>
      path.current?.setAttribute('d', histogramPath(key ? histogramOf(pane) : null, HISTOGRAM_BINS))
    const timer = setTimeout(draw, 60)
    return () => clearTimeout(timer)
  }, [pane, paints, key])

  const drag = (event: PointerEvent<SVGSVGElement>) => {
    if (event.buttons !== 1) return
    event.currentTarget.setPointerCapture(event.pointerId)
    const box = event.currentTarget.getBoundingClientRect()
    const level = Math.round(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * 65535)
    pane.change(() => ({ level }))
  }
  return (
    <svg
      className="sx-histogram"
      viewBox="0 0 128 32"
      preserveAspectRatio="none"
      role="img"
      aria-label={t('histogram.label')}
      onPointerDown={drag}
      onPointerMove={drag}
    >
      <title>{t('histogram.label')}</title>
      {span ? (
        <rect className="is-window" x={span[0] * 128} y="0" width={(span[1] - span[0]) * 128} height="32" />
      ) : null}
      <path ref={path} />
      {span ? (
        <>
          <line x1={span[0] * 128} x2={span[0] * 128} y1="0" y2="32" />
          <line x1={span[1] * 128} x2={span[1] * 128} y1="0" y2="32" />
        </>
      ) : null}
    </svg>
  )
}

function histogramOf(pane: ReturnType<typeof usePane>): ArrayLike<number> | null {
  return pane.viewer?.histogram()?.bins ?? null
}

function GammaSlider() {
  const t = useT()
  const pane = usePane()
  const gamma = usePaneState((state) => state.view?.gamma)
  return (
    <LabelledSlider
      id="sx-gamma"
      label={t('gamma.label')}
      hint={`${t('gamma.hint')} (${keyLabel('gammaLess')} ${keyLabel('gammaMore')})`}
      limits={[-MOST_GAMMA_STEPS, MOST_GAMMA_STEPS, 1]}
      value={gamma === undefined ? undefined : gammaSteps(gamma)}
      onChange={(steps) => pane.setGamma(steps)}
    />
  )
}

function SharpenSlider() {
  const t = useT()
  const pane = usePane()
  const sharpen = usePaneState((state) => state.view?.sharpen)
  return (
    <LabelledSlider
      id="sx-sharpen"
      label={t('sharpen.label')}
      hint={`${t('sharpen.label')} (${keyLabel('sharpenLess')} ${keyLabel('sharpenMore')})`}
      limits={[0, 1, 0.05]}
      value={sharpen}
      onChange={(value) => pane.change(() => ({ sharpen: value }))}
    />
  )
}

interface LabelledSliderProps {
  id: string
  label: string
  hint: string
  limits: [min: number, max: number, step: number]
  /** Undefined where there is no image. */
  value: number | undefined
  onChange: (value: number) => void
}

function LabelledSlider({ id, label, hint, limits: [min, max, step], value, onChange }: LabelledSliderProps) {
  const pane = usePane()
  return (
    <div className="sx-slider" title={hint}>
      <span id={id}>{label}</span>
      <Slider
        min={min}
        max={max}
        step={step}
        value={value ?? 0}
        disabled={value === undefined}
        tooltip={{ open: false }}
        ariaLabelledByForHandle={id}
        onChange={onChange}
        onChangeComplete={() => pane.focusHost()}
      />
    </div>
  )
}
