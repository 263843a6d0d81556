/** A table that scrolls sideways by itself where it is too wide, and can then be reached by keyboard. */
import type { ReactNode } from 'react'
import { reachable } from './reachable.ts'
import styles from './table.module.css'

export interface Column<Item> {
  readonly title: string
  readonly cell: (item: Item) => ReactNode
  /** Figures stand at the right. */
  readonly numeric?: boolean
}

export function Table<Item>({
  label,
  columns,
  items,
  keyOf,
}: {
  readonly label: string
  readonly columns: readonly Column<Item>[]
  readonly items: readonly Item[]
  readonly keyOf: (item: Item) => string
}): ReactNode {
  return (
    <section ref={reachable} className={styles.frame} aria-label={label}>
      <table className={styles.table}>
        <thead>
          <tr>
            {columns.map(({ title, numeric }) => (
              <th key={title} scope="col" data-numeric={numeric}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={keyOf(item)}>
              {columns.map(({ title, cell, numeric }) => (
                <td key={title} data-numeric={numeric}>
                  {cell(item)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
