/** Which models there are: digests, which one screens, what their cards say. Read only. */

import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'

import { getModels, type ModelOut, type ModelsOut } from '../api/office'
import { grouped, moment } from '../format'
import { useT } from '../i18n'
import { Failure } from '../shell/Failure'
import { type Block, parseCard } from './card'

export function Models() {
  const t = useT()
  const models = useQuery({ queryKey: ['admin', 'models'], queryFn: getModels, refetchInterval: 60_000 })
  return (
    <main className="sx-office">
      <header>
        <h2>{t('nav.models')}</h2>
        <p>{t('models.hint')}</p>
      </header>
      <div className="sx-office-scroll sx-models">
        <Failure error={models.error} />
        {models.data ? <AtWork models={models.data} /> : null}
        {models.data?.models.map((model) => (
          <Model key={model.name} model={model} />
        ))}
      </div>
    </main>
  )
}

function AtWork({ models }: { models: ModelsOut }) {
  const t = useT()
  const pinned = new Set(models.models.map(({ sha256 }) => sha256))
  return (
    <section>
      <h3>{t('models.atWork')}</h3>
      <table className="sx-table is-dense">
        <thead>
          <tr>
            <th scope="col">{t('models.name')}</th>
            <th scope="col">{t('models.digest')}</th>
            <th scope="col">{t('models.engine')}</th>
            <th scope="col">{t('models.nScreenings')}</th>
            <th scope="col">{t('models.lastAt')}</th>
          </tr>
        </thead>
        <tbody>
          {models.at_work.map((one) => (
            <tr key={`${one.sha256} ${one.engine} ${one.model_version}`}>
              <th scope="row">
                {one.model_name} {one.model_version}
              </th>
              <td className="sx-mono" title={one.sha256}>
                {one.sha256.slice(0, 16)}…{' '}
                {pinned.has(one.sha256) ? null : (
                  <span className="sx-badge is-warning">{t('models.notPinned')}</span>
                )}
              </td>
              <td>{one.engine}</td>
              <td className="sx-num">{grouped(one.n_screenings)}</td>
              <td className="sx-num">{moment(one.last_at)}</td>
            </tr>
          ))}
          {models.at_work.length === 0 ? (
            <tr>
              <td colSpan={5}>{t('models.noScreenings')}</td>
            </tr>
          ) : null}
        </tbody>
      </table>
    </section>
  )
}

function Model({ model }: { model: ModelOut }) {
  const t = useT()
  const blocks = useMemo(() => parseCard(model.card), [model.card])
  return (
    <section>
      <h3>
        {model.name} {model.is_active ? <span className="sx-badge">{t('models.active')}</span> : null}
        {model.is_intact ? null : (
          <span className="sx-badge is-warning" role="alert">
            {t(model.size_bytes === null ? 'models.missing' : 'models.altered')}
          </span>
        )}
      </h3>
      <dl className="sx-facts-list">
        <dt>{t('models.file')}</dt>
        <dd className="sx-mono">{model.file}</dd>
        <dt>{t('models.digest')}</dt>
        <dd className="sx-mono">{model.sha256}</dd>
        <dt>{t('models.size')}</dt>
        <dd className="sx-num">
          {model.size_bytes === null ? '–' : `${grouped(model.size_bytes / 1e6, 1)} MB`}
        </dd>
      </dl>
      {blocks.length > 0 ? (
        <details open={model.is_active} className="sx-card">
          <summary>{t('models.card')}</summary>
          <div lang="en">
            {blocks.map((block, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the card does not change while it is shown
              <CardBlock key={index} block={block} />
            ))}
          </div>
        </details>
      ) : null}
    </section>
  )
}

function CardBlock({ block }: { block: Block }) {
  switch (block.type) {
    case 'heading':
      return <h4>{block.text}</h4>
    case 'text':
      return <p>{block.text}</p>
    case 'list':
      return (
        <ul>
          {block.items.map((item) => (
            <li key={item}>{item}</li>
          ))}
        </ul>
      )
    case 'table':
      return (
        <table className="sx-table is-dense">
          <tbody>
            {block.rows.map((cells) => (
              <tr key={cells.join('|')}>
                {cells.map((cell, column) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a cell is known by its column
                  <td key={column}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )
  }
}
