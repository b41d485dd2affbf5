/** What the model saw: risk, threshold, and the list with the reviewer's word on each. */

import { CheckOutlined, CloseOutlined } from '@ant-design/icons'
import { Slider, Switch } from 'antd'
import { memo, useEffect, useRef, useState } from 'react'

import type { ScreeningOut } from '../api/types'
import { boxSize, percent } from '../format'
import { useT } from '../i18n'
import { keyLabel } from '../keys/bindings'
import { findingKey, isListed, kindsOf, type NamedFinding, toneOf } from '../pane/overlays'
import { usePane, usePaneState } from '../pane/PaneContext'
import { listing, PAGE } from './listing'
import { useDesk, useSeatState } from './SeatContext'
import { useFindings, useKindName, useView } from './useOverlays'
import { type CaseReason, whyOf } from './why'

export function Findings() {
  const t = useT()
  const view = useView()
  const screening = view?.screening ?? null
  const scanId = view?.scan.scan_id
  const findings = useFindings()
  if (!screening)
    return (
      <>
        <WhyNote />
        <p className="sx-panel-note is-warning">{t('findings.noScreening')}</p>
      </>
    )
  return (
    <section aria-label={t('tab.findings')}>
      <Risk screening={screening} />
      <WhyNote />
      <Threshold findings={findings} />
      <Kinds findings={findings} />
      {findings.length === 0 ? <p className="sx-panel-note">{t('findings.none')}</p> : null}
      <FindingList key={scanId} findings={findings} />
    </section>
  )
}

function FindingList({ findings }: { findings: readonly NamedFinding[] }) {
  const t = useT()
  const pitchMm = useSeatState((state) => state.view?.scan.pixel_pitch_mm ?? null)
  const votes = useSeatState((state) => state.draft.votes)
  const { selected, ...shown } = usePaneState((state) => ({
    selected: state.selected,
    threshold: state.threshold,
    hiddenKinds: state.hiddenKinds,
  }))
  const [nWanted, setWanted] = useState(PAGE)
  const place = findings.findIndex(({ finding_id }) => findingKey(finding_id) === selected)
  const { nShown, nMore } = listing(findings.length, nWanted, place)
  return (
    <>
      <ul className="sx-findings">
        {findings.slice(0, nShown).map((finding) => (
          <FindingRow
            key={finding.finding_id}
            finding={finding}
            pitchMm={pitchMm}
            vote={votes[finding.finding_id]}
            isSelected={selected === findingKey(finding.finding_id)}
            isHidden={!isListed(finding, shown)}
          />
        ))}
      </ul>
      {nMore > 0 ? (
        <button type="button" className="sx-button sx-more" onClick={() => setWanted(nShown + PAGE)}>
          {t('findings.more', { count: nMore, rest: findings.length - nShown })}
        </button>
      ) : null}
    </>
  )
}

/** Why a person has to look at this case, in words. */
function WhyNote() {
  const t = useT()
  const kindName = useKindName()
  const view = useView()
  if (!view) return null
  const { text, kind, score, threshold, nOthers } = whyOf(view)
  const finding = {
    kind: kind === null ? '' : kindName(kind),
    score: percent(score),
    threshold: percent(threshold),
  }
  return (
    <p className="sx-panel-note">
      {t(`why.${text as CaseReason}`)}
      {kind === null ? '' : ` ${t('why.strongest', finding)}`}
      {nOthers > 0 ? ` ${t('why.others', { count: nOthers })}` : ''}
    </p>
  )
}

export function Risk({ screening }: { screening: ScreeningOut }) {
  const t = useT()
  const { risk } = screening
  return (
    <div className={`sx-riskbox is-${toneOf(risk)}`}>
      <div>
        <span>{t('findings.risk')}</span>
        <b className="sx-num">{risk.toFixed(2)}</b>
      </div>
      <i className="sx-riskbar">
        <i style={{ transform: `scaleX(${risk})` }} />
      </i>
      <small>{t('findings.model', { name: screening.model_name, version: screening.model_version })}</small>
    </div>
  )
}

function Threshold({ findings }: { findings: readonly NamedFinding[] }) {
  const t = useT()
  const pane = usePane()
  const { threshold, shows, hiddenKinds } = usePaneState((state) => ({
    threshold: state.threshold,
    shows: state.showsFindings,
    hiddenKinds: state.hiddenKinds,
  }))
  const nHidden = findings.filter((finding) => !isListed(finding, { threshold, hiddenKinds })).length
  return (
    <div className="sx-threshold">
      <span id="sx-threshold" title={`${keyLabel('lowerThreshold')} ${keyLabel('raiseThreshold')}`}>
        {t('findings.threshold')}
      </span>
      <Slider
        min={0}
        max={1}
        step={0.05}
        value={threshold}
        tooltip={{ open: false }}
        ariaLabelledByForHandle="sx-threshold"
        onChange={(value) => pane.setThreshold(value)}
        onChangeComplete={() => pane.focusHost()}
      />
      <b className="sx-mono">{threshold === 0 ? t('findings.thresholdAll') : threshold.toFixed(2)}</b>
      <Switch
        size="small"
        checked={shows}
        aria-label={t('findings.show')}
        title={`${t('findings.show')} (${keyLabel('toggleFindings')})`}
        onChange={() => {
          pane.toggleFindings()
          pane.focusHost()
        }}
      />
      <em>{nHidden > 0 ? t('findings.hidden', { count: nHidden }) : ''}</em>
    </div>
  )
}

/** One switch for each kind that the model found; nothing to choose where there is only one. */
function Kinds({ findings }: { findings: readonly NamedFinding[] }) {
  const t = useT()
  const pane = usePane()
  const kindName = useKindName()
  const hiddenKinds = usePaneState((state) => state.hiddenKinds)
  const kinds = kindsOf(findings)
  if (kinds.length < 2) return null
  return (
    <div className="sx-chips sx-kinds" role="toolbar" aria-label={t('findings.kinds')}>
      {kinds.map((kind) => {
        const isOn = !hiddenKinds.includes(kind)
        return (
          <button
            key={kind}
            type="button"
            className={`sx-chip${isOn ? ' is-on' : ''}`}
            aria-pressed={isOn}
            title={t('findings.kindHint', { key: keyLabel('nextKind') })}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => pane.toggleKind(kind)}
          >
            {kindName(kind)}
          </button>
        )
      })}
    </div>
  )
}

interface FindingRowProps {
  finding: NamedFinding
  pitchMm: number | null
  vote: boolean | undefined
  isSelected: boolean
  isHidden: boolean
}

/** Listens to no store: a scan may have thousands of findings, and the view changes with every frame. */
const FindingRow = memo(function FindingRow(props: FindingRowProps) {
  const { finding, pitchMm, vote, isSelected, isHidden } = props
  const t = useT()
  const pane = usePane()
  const { seat } = useDesk()
  const kindName = useKindName()
  const row = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (isSelected) row.current?.scrollIntoView({ block: 'nearest' })
  }, [isSelected])
  const name = `${finding.letter} ${kindName(finding.kind)}`
  const voted = vote === undefined ? '' : vote ? ' is-accepted' : ' is-rejected'
  return (
    <li
      ref={row}
      className={`sx-finding is-${toneOf(finding.score)}${isSelected ? ' is-selected' : ''}${isHidden ? ' is-hidden' : ''}${voted}`}
    >
      <button
        type="button"
        className="sx-finding-main"
        aria-pressed={isSelected}
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => pane.select(findingKey(finding.finding_id), finding.box)}
      >
        <b className="sx-letter">{finding.letter}</b>
        <span className="sx-finding-name">{kindName(finding.kind)}</span>
        <span className="sx-finding-score sx-num">{percent(finding.score)}</span>
        <small>
          {finding.text ?? (finding.box ? boxSize(finding.box, pitchMm) : t('findings.whole'))}
          {' · '}
          {t('findings.modelThreshold', { value: finding.threshold.toFixed(2) })}
        </small>
      </button>
      <span className="sx-votes">
        <VoteButton
          isOn={vote === true}
          name={t('findings.acceptNamed', { name })}
          hint={`${t('findings.accept')} (${keyLabel('acceptFinding')})`}
          onPress={() => seat.hand.vote(finding.finding_id, true)}
          kind="accept"
        />
        <VoteButton
          isOn={vote === false}
          name={t('findings.rejectNamed', { name })}
          hint={`${t('findings.reject')} (${keyLabel('rejectFinding')})`}
          onPress={() => seat.hand.vote(finding.finding_id, false)}
          kind="reject"
        />
      </span>
    </li>
  )
})

interface VoteButtonProps {
  kind: 'accept' | 'reject'
  isOn: boolean
  name: string
  hint: string
  onPress: () => void
}

function VoteButton({ kind, isOn, name, hint, onPress }: VoteButtonProps) {
  return (
    <button
      type="button"
      className={`sx-vote is-${kind}${isOn ? ' is-on' : ''}`}
      aria-pressed={isOn}
      aria-label={name}
      title={hint}
      onMouseDown={(event) => event.preventDefault()}
      onClick={onPress}
    >
      {kind === 'accept' ? <CheckOutlined /> : <CloseOutlined />}
    </button>
  )
}
