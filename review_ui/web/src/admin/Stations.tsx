/** Stations and their keys: made and told once, rotated with an overlap, revoked. */

import { PlusOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Popconfirm } from 'antd'
import { useState } from 'react'

import { type CredentialsOut, getStations, revokeKey, type StationKey, type StationOut } from '../api/office'
import { moment } from '../format'
import { useT } from '../i18n'
import { Failure } from '../shell/Failure'
import { STATIONS } from './keys'
import { SecretBox, type Told } from './Secret'
import { RotateForm, StationForm } from './StationForms'
import { type Action, useAction } from './useAction'

export function Stations() {
  const t = useT()
  const stations = useQuery({ queryKey: STATIONS, queryFn: getStations, refetchInterval: 30_000 })
  const [isMaking, setIsMaking] = useState(false)
  const [rotating, setRotating] = useState<string | null>(null)
  const [told, setTold] = useState<Told | null>(null)
  const action = useAction(STATIONS)
  const tell = ({ station_id, key, webhook_secret }: CredentialsOut) =>
    setTold({
      title: t('stations.keyOf', { station: station_id }),
      values: [
        { name: t('stations.key'), value: key },
        ...(webhook_secret ? [{ name: t('stations.webhookSecret'), value: webhook_secret }] : []),
      ],
    })
  return (
    <main className="sx-office">
      <header>
        <h2>{t('nav.stations')}</h2>
        <p>{t('stations.hint')}</p>
        <Button type="primary" icon={<PlusOutlined />} onClick={() => setIsMaking(true)}>
          {t('stations.new')}
        </Button>
      </header>
      {action.problem ? (
        <Alert type="error" showIcon title={action.problem} closable={{ onClose: action.clear }} />
      ) : null}
      <div className="sx-office-scroll">
        <Failure error={stations.error} />
        <table className="sx-table is-dense">
          <thead>
            <tr>
              <th scope="col">{t('case.station')}</th>
              <th scope="col">{t('history.port')}</th>
              <th scope="col">{t('accounts.name')}</th>
              <th scope="col">{t('stations.webhook')}</th>
              <th scope="col">{t('stations.keys')}</th>
              <th scope="col">
                <span className="sx-sr">{t('office.actions')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {stations.data?.map((station) => (
              <Row key={station.station_id} station={station} action={action} onRotate={setRotating} />
            ))}
          </tbody>
        </table>
        {stations.data?.length === 0 ? <p className="sx-history-none">{t('office.none')}</p> : null}
      </div>
      <StationForm isOpen={isMaking} onClose={() => setIsMaking(false)} onMade={tell} />
      <RotateForm stationId={rotating} onClose={() => setRotating(null)} onMade={tell} />
      <SecretBox told={told} onClose={() => setTold(null)} />
    </main>
  )
}

interface RowProps {
  station: StationOut
  action: Action
  onRotate: (stationId: string) => void
}

function Row({ station, action, onRotate }: RowProps) {
  const t = useT()
  const alive = station.keys.filter(({ state }) => state !== 'ended')
  const nEnded = station.keys.length - alive.length
  return (
    <tr className={station.disabled_at || alive.length === 0 ? 'is-ended' : ''}>
      <th scope="row" className="sx-mono">
        {station.station_id}
      </th>
      <td>{station.port}</td>
      <td>{station.name}</td>
      <td className="is-text" title={station.webhook_url ?? undefined}>
        {station.webhook_url ?? '–'}
      </td>
      <td>
        <ul className="sx-keys">
          {alive.map((key) => (
            <KeyLine key={key.key_id} of={key} action={action} />
          ))}
          {alive.length === 0 ? <li className="is-danger">{t('stations.noKey')}</li> : null}
          {nEnded > 0 ? (
            <li>
              <small>{t('stations.nEnded', { n: nEnded })}</small>
            </li>
          ) : null}
        </ul>
      </td>
      <td className="is-actions">
        <Button size="small" disabled={action.isBusy} onClick={() => onRotate(station.station_id)}>
          {t('stations.rotate')}
        </Button>
      </td>
    </tr>
  )
}

function KeyLine({ of, action }: { of: StationKey; action: Action }) {
  const t = useT()
  return (
    <li>
      <code>sx_{of.key_id}_…</code>
      <span>
        {of.state === 'ending'
          ? t('stations.endsAt', { time: moment(of.ends_at ?? '') })
          : t('stations.since', { time: moment(of.created_at) })}
      </span>
      <Popconfirm
        title={t('stations.revokeSure', { key: of.key_id })}
        description={t('stations.revokeHint')}
        okButtonProps={{ danger: true }}
        onConfirm={() => action.run(() => revokeKey(of.key_id))}
      >
        <Button size="small" type="text" danger disabled={action.isBusy}>
          {t('stations.revoke')}
        </Button>
      </Popconfirm>
    </li>
  )
}
