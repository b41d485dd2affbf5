/** Texts in the person's language. zh-CN is the source; its keys are the type of all others. */

import { useCallback } from 'react'

import { type Locale, useSettings } from '../settings'
import { enUS } from './en-US'
import { type MessageKey, type Messages, zhCN } from './zh-CN'

export type { MessageKey }
export type Parameters = Record<string, string | number>
export type Translate = (key: MessageKey, parameters?: Parameters) => string

export const MESSAGES: Record<Locale, Messages> = { 'zh-CN': zhCN, 'en-US': enUS }

/** The events of the audit trail that have a name. */
export const EVENT_NAMES = Object.keys(zhCN)
  .filter((key) => key.startsWith('event.'))
  .map((key) => key.slice('event.'.length))

/** The text of a key; `{name}` is replaced by the parameter of that name. */
export function translate(locale: Locale, key: MessageKey, parameters: Parameters = {}): string {
  return MESSAGES[locale][key].replace(/\{(\w+)\}/g, (hole, name: string) => String(parameters[name] ?? hole))
}

export function useT(): Translate {
  const locale = useSettings((settings) => settings.locale)
  return useCallback((key, parameters) => translate(locale, key, parameters), [locale])
}

/** For words that come from the server in both languages. */
export function usePick(): (words: { zh?: string; en?: string } | undefined, fallback: string) => string {
  const locale = useSettings((settings) => settings.locale)
  return useCallback((words, fallback) => (locale === 'zh-CN' ? words?.zh : words?.en) || fallback, [locale])
}

/** The text of `prefix.value`, or the value itself when there is none: for codes that a newer server may send. */
export function useWord(): (prefix: string, value: string) => string {
  const locale = useSettings((settings) => settings.locale)
  return useCallback(
    (prefix, value) => (MESSAGES[locale] as Record<string, string>)[`${prefix}.${value}`] ?? value,
    [locale],
  )
}
