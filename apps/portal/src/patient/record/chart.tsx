/**
 * Charts of measurements, drawn as SVG: a line for each value, the reference range as a band, values outside it in
 * another colour and shape. Beside the big chart stands a table with the same figures, for those who cannot see it.
 */
import type { ReactNode } from 'react'
import { useFormats } from '../../i18n/format.ts'
import styles from './chart.module.css'
import { isOutsideRange } from './items.ts'
import type { Point, Series } from './measurements.ts'

interface Scale {
  readonly x: (timeMs: number) => number
  readonly y: (value: number) => number
  readonly low: number
  readonly high: number
}

/** A line without axes, for cards and rows. */
export function Sparkline({ series }: { readonly series: Series }): ReactNode {
  const [width, height] = [120, 40]
  const points = series.lines.map((line) => ({ ...line, points: line.points.slice(-12) }))
  const scale = scaleOf(
    points.flatMap((line) => line.points),
    width,
    height,
    4,
  )
  return (
    <svg
      className={styles.spark}
      data-part={series.part}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="xMinYMid meet"
      aria-hidden="true"
    >
      <Band points={points[0]?.points ?? []} scale={scale} width={width} />
      {points.map(({ name, points: line }) => (
        <g key={name}>
          <path className={styles.line} d={pathOf(line, scale)} />
          {line.slice(-1).map((point) => (
            <circle
              key={point.timeMs}
              className={styles.dot}
              data-outside={isOutsideRange(point)}
              cx={scale.x(point.timeMs)}
              cy={scale.y(point.value)}
              r="3.5"
            />
          ))}
        </g>
      ))}
    </svg>
  )
}

export function Chart({ series, label }: { readonly series: Series; readonly label: string }): ReactNode {
  const f = useFormats()
  const [width, height, left, bottom] = [640, 280, 48, 28]
  const all = series.lines.flatMap(({ points }) => points)
  const inner = scaleOf(all, width - left - 12, height - bottom - 8, 12)
  const scale: Scale = { ...inner, x: (timeMs) => left + inner.x(timeMs), y: (value) => 8 + inner.y(value) }
  const [first, last] = [all[0], all.at(-1)]
  const ticks = ticksOf(scale.low, scale.high)
  return (
    <svg
      className={styles.chart}
      data-part={series.part}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={label}
    >
      {ticks.map((tick) => (
        <g key={tick}>
          <line className={styles.grid} x1={left} x2={width - 12} y1={scale.y(tick)} y2={scale.y(tick)} />
          <text className={styles.axis} x={left - 10} y={scale.y(tick) + 5} textAnchor="end">
            {f.number(tick)}
          </text>
        </g>
      ))}
      <Band points={series.lines[0]?.points ?? []} scale={scale} width={width - 12} left={left} />
      {series.lines.map(({ name, points }, i) => (
        <g key={name} data-line={i}>
          <path className={styles.line} d={pathOf(points, scale)} />
          {points.map((point) => (
            <Mark key={point.timeMs} point={point} scale={scale} />
          ))}
        </g>
      ))}
      {first !== undefined && (
        <text className={styles.axis} x={left} y={height - 6}>
          {f.month(first.timeMs)}
        </text>
      )}
      {last !== undefined && (
        <text className={styles.axis} x={width - 12} y={height - 6} textAnchor="end">
          {f.month(last.timeMs)}
        </text>
      )}
    </svg>
  )
}

/** A value outside its range is a diamond, so that colour alone does not say it. */
function Mark({ point, scale }: { readonly point: Point; readonly scale: Scale }): ReactNode {
  const [x, y] = [scale.x(point.timeMs), scale.y(point.value)]
  if (!isOutsideRange(point)) return <circle className={styles.dot} cx={x} cy={y} r="4.5" />
  return <path className={styles.dot} data-outside="true" d={`M${x} ${y - 7}l7 7-7 7-7-7Z`} />
}

function Band({
  points,
  scale,
  width,
  left = 0,
}: {
  readonly points: readonly Point[]
  readonly scale: Scale
  readonly width: number
  readonly left?: number
}): ReactNode {
  const range = points.findLast(({ low, high }) => low !== null || high !== null)
  if (range === undefined) return null
  const top = scale.y(Math.min(range.high ?? scale.high, scale.high))
  const foot = scale.y(Math.max(range.low ?? scale.low, scale.low))
  return <rect className={styles.band} x={left} y={top} width={width - left} height={Math.max(foot - top, 2)} rx="6" />
}

function scaleOf(points: readonly Point[], width: number, height: number, pad: number): Scale {
  const times = points.map(({ timeMs }) => timeMs)
  const values = points.flatMap(({ value, low, high }) => [
    value,
    ...(low === null ? [] : [low]),
    ...(high === null ? [] : [high]),
  ])
  const [from, to] = [Math.min(...times), Math.max(...times)]
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const margin = (most - least) * 0.12 || Math.abs(most) * 0.1 || 1
  const [low, high] = [least - margin, most + margin]
  return {
    low,
    high,
    x: (timeMs) => (to === from ? width / 2 : pad + ((timeMs - from) / (to - from)) * (width - 2 * pad)),
    y: (value) => pad + (1 - (value - low) / (high - low)) * (height - 2 * pad),
  }
}

function pathOf(points: readonly Point[], scale: Scale): string {
  return points
    .map(({ timeMs, value }, i) => `${i === 0 ? 'M' : 'L'}${scale.x(timeMs).toFixed(1)} ${scale.y(value).toFixed(1)}`)
    .join('')
}

/** Three to six round values. */
function ticksOf(low: number, high: number): readonly number[] {
  const rough = (high - low) / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10)
  const ticks: number[] = []
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) ticks.push(Number(tick.toPrecision(6)))
  return ticks
}
