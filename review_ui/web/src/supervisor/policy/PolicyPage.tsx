/** The queue's policy: what is in force, what would change, and the two persons it takes. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useMemo, useState } from 'react'

import { getQueuePolicy, proposePolicy } from '../../api/supervision'
import type { AccountOut, PolicyBody, ProposalIn, QueuePolicyOut } from '../../api/types'
import { moment } from '../../format'
import { useT } from '../../i18n'
import { failureText } from '../../shell/Failure'
import { Effect } from './Effect'
import { Changes, OpenProposal, PastProposals, Refusal } from './Proposals'
import { RuleForms } from './RuleForms'
import { changesOf, faultsOf } from './rules'

const LOOK_EVERY_MS = 4_000

interface Draft {
  basedOn: number
  policy: PolicyBody
}

export default function PolicyPage({ account }: { account: AccountOut }) {
  const t = useT()
  const stored = useQuery({
    queryKey: ['queue-policy'],
    queryFn: getQueuePolicy,
    refetchInterval: LOOK_EVERY_MS,
    staleTime: 0,
  })
  if (stored.data) return <Desk stored={stored.data} account={account} />
  return (
    <main className="sx-policy is-waiting">
      {stored.error ? failureText(t, stored.error) : t('app.loading')}
    </main>
  )
}

function Desk({ stored, account }: { stored: QueuePolicyOut; account: AccountOut }) {
  const t = useT()
  const [draft, setDraft] = useState<Draft | null>(null)
  const open = stored.proposals.find(({ outcome }) => outcome === null)
  const policy = open?.policy ?? draft?.policy ?? stored.policy
  const changes = useMemo(() => changesOf(stored.policy, policy), [stored.policy, policy])
  const faults = useMemo(() => faultsOf(policy), [policy])
  return (
    <main className="sx-policy">
      <header>
        <h2>{t('policy.title')}</h2>
        <PolicyInForce stored={stored} />
      </header>
      <RuleForms
        stored={stored}
        policy={policy}
        changes={changes}
        faults={faults}
        isLocked={open !== undefined}
        onChange={(fresh) => setDraft({ basedOn: draft?.basedOn ?? stored.version, policy: fresh })}
      />
      <aside>
        {open ? (
          <OpenProposal proposal={open} stored={stored} account={account} changes={changes} />
        ) : (
          <Propose stored={stored} draft={draft} isValid={faults.size === 0} onDrop={() => setDraft(null)} />
        )}
        {changes.length > 0 ? <Effect policy={policy} isValid={faults.size === 0} /> : null}
        <PastProposals proposals={stored.proposals} />
      </aside>
    </main>
  )
}

function PolicyInForce({ stored }: { stored: QueuePolicyOut }) {
  const t = useT()
  if (stored.version === 0) return <span>{t('policy.defaults')}</span>
  return (
    <span>
      <b>{t('policy.version', { version: stored.version })}</b> {stored.author_name ?? stored.author}{' '}
      <time className="sx-num">{moment(stored.created_at ?? '')}</time>
    </span>
  )
}

interface ProposeProps {
  stored: QueuePolicyOut
  draft: Draft | null
  isValid: boolean
  onDrop: () => void
}

function Propose({ stored, draft, isValid, onDrop }: ProposeProps) {
  const t = useT()
  const noteId = useId()
  const queries = useQueryClient()
  const [note, setNote] = useState('')
  const [moves, setMoves] = useState(false)
  const [mayLower, setMayLower] = useState(false)
  const changes = draft ? changesOf(stored.policy, draft.policy) : []
  const propose = useMutation({
    mutationFn: (body: ProposalIn) => proposePolicy(body),
    onSuccess: () => {
      onDrop()
      setNote('')
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['queue-policy'] }),
  })
  const isOutdated = draft !== null && draft.basedOn !== stored.version
  return (
    <form
      className="sx-proposal"
      aria-label={t('policy.changes')}
      onSubmit={(event) => {
        event.preventDefault()
        if (draft && isValid)
          propose.mutate({
            policy: draft.policy,
            based_on: draft.basedOn,
            note,
            moves_waiting: moves,
            may_lower: moves && mayLower,
          })
      }}
    >
      <h3>{t('policy.changes')}</h3>
      <Changes changes={changes} stored={stored} />
      {isOutdated ? (
        <p role="alert" className="sx-fault">
          {t('proposal.outdated', { version: draft.basedOn, now: stored.version })}
        </p>
      ) : null}
      <label htmlFor={noteId}>{t('policy.note')}</label>
      <textarea
        id={noteId}
        className="sx-input"
        rows={2}
        maxLength={2000}
        value={note}
        onChange={({ target }) => setNote(target.value)}
      />
      <div className="sx-checks">
        <label>
          <input type="checkbox" checked={moves} onChange={({ target }) => setMoves(target.checked)} />
          {t('policy.moves')}
        </label>
        <label>
          <input
            type="checkbox"
            checked={moves && mayLower}
            disabled={!moves}
            onChange={({ target }) => setMayLower(target.checked)}
          />
          {t('policy.mayLower')}
        </label>
      </div>
      {propose.error ? <Refusal error={propose.error} /> : null}
      <div className="sx-proposal-buttons">
        <button type="button" className="sx-button" disabled={draft === null} onClick={onDrop}>
          {t('policy.drop')}
        </button>
        <button
          type="submit"
          className="sx-button is-primary"
          disabled={changes.length === 0 || !isValid || isOutdated || propose.isPending}
        >
          {t('policy.propose')}
        </button>
      </div>
      <p className="sx-panel-note">{t('policy.twoPersons')}</p>
    </form>
  )
}
