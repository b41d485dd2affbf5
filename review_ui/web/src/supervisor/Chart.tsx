/** One chart, drawn by ECharts: a chunk of its own, so that no other page loads it. */

import { BarChart, LineChart } from 'echarts/charts'
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components'
import { type EChartsCoreOption, init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { useEffect, useRef } from 'react'

import { FONT_FAMILY } from '../shell/theme'

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, AriaComponent, SVGRenderer])

export interface ChartProps {
  label: string
  option: EChartsCoreOption
}

/** The page's colours as they are now, in the dark or the light. */
export function pageColours(): (name: string) => string {
  const style = getComputedStyle(document.documentElement)
  return (name) => style.getPropertyValue(`--${name}`).trim()
}

export function Chart({ label, option }: ChartProps) {
  const box = useRef<HTMLDivElement>(null)
  const chart = useRef<ReturnType<typeof init>>(null)
  useEffect(() => {
    if (!box.current) return
    const made = init(box.current, null, { renderer: 'svg' })
    chart.current = made
    const watch = new ResizeObserver(() => made.resize())
    watch.observe(box.current)
    return () => {
      watch.disconnect()
      made.dispose()
    }
  }, [])
  useEffect(() => {
    const colour = pageColours()
    chart.current?.setOption(
      {
        animation: false,
        // A name it can measure with: the legend's words would lie over each other.
        textStyle: { fontFamily: FONT_FAMILY, color: colour('text-2') },
        // Drawn, not HTML: the content security policy lets no style attribute in.
        tooltip: {
          trigger: 'axis',
          renderMode: 'richText',
          backgroundColor: colour('raised'),
          borderColor: colour('line-strong'),
          textStyle: { color: colour('text') },
        },
        legend: { top: 0, textStyle: { color: colour('text-2') }, inactiveColor: colour('line-strong') },
        grid: { left: 8, right: 8, top: 34, bottom: 4, containLabel: true },
        ...option,
      },
      { notMerge: true },
    )
  }, [option])
  return (
    <figure className="sx-chart">
      <figcaption>{label}</figcaption>
      <div ref={box} role="img" aria-label={label} />
    </figure>
  )
}
