/** What differs, the proposal that is open, and those that were decided. */

import { useMutation, useQueryClient } from '@tanstack/react-query'

import { ApiError } from '../../api/client'
import { decideProposal } from '../../api/supervision'
import type { AccountOut, ProposalOut, ProposalOutcome, QueuePolicyOut } from '../../api/types'
import { moment } from '../../format'
import { usePick, useT, useWord } from '../../i18n'
import { type RuleChange, ruleName, ruleValue } from './rules'

export function Changes({ changes, stored }: { changes: readonly RuleChange[]; stored: QueuePolicyOut }) {
  const t = useT()
  const word = useWord()
  const pick = usePick()
  const portName = (code: string) => {
    const port = stored.ports.find((one) => one.port === code)
    return pick({ zh: port?.name_zh, en: port?.name_en }, code)
  }
  if (changes.length === 0) return <p className="sx-panel-note">{t('policy.noChanges')}</p>
  return (
    <ul className="sx-rule-changes">
      {changes.map(({ path, before, after }) => (
        <li key={path}>
          <span>{ruleName(path, t, word, portName)}</span>
          <span className="sx-num">
            <del>{ruleValue(path, before, word)}</del> → <ins>{ruleValue(path, after, word)}</ins>
          </span>
        </li>
      ))}
    </ul>
  )
}

export interface OpenProposalProps {
  proposal: ProposalOut
  stored: QueuePolicyOut
  account: AccountOut
  changes: readonly RuleChange[]
}

export function OpenProposal({ proposal, stored, account, changes }: OpenProposalProps) {
  const t = useT()
  const queries = useQueryClient()
  const decide = useMutation({
    mutationFn: (outcome: ProposalOutcome) => decideProposal(proposal.proposal_id, outcome),
    onSettled: () => queries.invalidateQueries({ queryKey: ['queue-policy'] }),
  })
  const isMine = proposal.proposer === account.account_id
  const isOutdated = proposal.based_on !== stored.version
  const button = (outcome: ProposalOutcome, isPrimary = false) => (
    <button
      type="button"
      className={`sx-button${isPrimary ? ' is-primary' : ''}`}
      disabled={decide.isPending || (outcome === 'approved' && isOutdated)}
      onClick={() => decide.mutate(outcome)}
    >
      {t(`proposal.${outcome}Do`)}
    </button>
  )
  return (
    <section className="sx-proposal" aria-label={t('proposal.open')}>
      <h3>
        {t('proposal.number', { id: proposal.proposal_id })}{' '}
        <small>
          {t('proposal.by', { name: proposal.proposer_name, time: moment(proposal.proposed_at) })}
        </small>
      </h3>
      {proposal.note ? <blockquote>{proposal.note}</blockquote> : null}
      <Changes changes={changes} stored={stored} />
      <p className="sx-panel-note">
        {t(
          proposal.moves_waiting
            ? proposal.may_lower
              ? 'proposal.movesBoth'
              : 'proposal.moves'
            : 'proposal.movesNone',
        )}
      </p>
      {isOutdated ? (
        <p role="alert" className="sx-fault">
          {t('proposal.outdated', { version: proposal.based_on, now: stored.version })}
        </p>
      ) : null}
      {decide.error ? <Refusal error={decide.error} /> : null}
      <div className="sx-proposal-buttons">
        {isMine ? (
          <>
            <span>{t('proposal.waits')}</span>
            {button('withdrawn')}
          </>
        ) : (
          <>
            {button('refused')}
            {button('approved', true)}
          </>
        )}
      </div>
    </section>
  )
}

export function Refusal({ error }: { error: Error }) {
  const t = useT()
  const word = useWord()
  const code = error instanceof ApiError ? error.code : error.name
  const said = word('refusal', code)
  const detail = error instanceof ApiError ? error.detail : error.message
  return (
    <p role="alert" className="sx-fault">
      {said === code ? t('proposal.failed', { code, detail }) : said}
    </p>
  )
}

export function PastProposals({ proposals }: { proposals: readonly ProposalOut[] }) {
  const t = useT()
  const decided = proposals.filter(({ outcome }) => outcome !== null)
  if (decided.length === 0) return null
  return (
    <section>
      <h3>{t('proposal.past')}</h3>
      <ul className="sx-past-proposals">
        {decided.map((one) => (
          <li key={one.proposal_id}>
            <b>{t('proposal.number', { id: one.proposal_id })}</b>
            <span className={`sx-badge is-${one.outcome}`}>{t(`proposal.${one.outcome ?? 'refused'}`)}</span>
            <span>
              {t('proposal.names', { proposer: one.proposer_name, other: one.decided_by_name ?? '' })}
            </span>
            <time className="sx-num">{one.decided_at ? moment(one.decided_at) : ''}</time>
            <small>
              {one.version === null ? '' : t('policy.version', { version: one.version })}
              {one.n_moved === null ? '' : ` · ${t('proposal.moved', { count: one.n_moved })}`}
              {one.note ? ` · ${one.note}` : ''}
            </small>
          </li>
        ))}
      </ul>
    </section>
  )
}
