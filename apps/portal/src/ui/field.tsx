/** Form fields: a visible label, a hint, an error that the field is described by. */
import { type ReactNode, useId } from 'react'
import styles from './field.module.css'
import { Icon, IconDisc, type IconName, type Tone } from './icon.tsx'

interface FieldProps {
  readonly label: string
  readonly hint?: string
  readonly error?: string | undefined
}

interface TextProps extends FieldProps {
  readonly value: string
  readonly onChange: (value: string) => void
  readonly type?: 'text' | 'password' | 'search' | 'date' | 'email'
  readonly autoComplete?: string
  readonly placeholder?: string
  readonly maxLength?: number
  readonly required?: boolean
  /** Lines of text; one when absent. */
  readonly lines?: number
}

export function TextField({
  label,
  hint,
  error,
  value,
  onChange,
  lines,
  type = 'text',
  ...rest
}: TextProps): ReactNode {
  const id = useId()
  const described = [hint === undefined ? '' : `${id}-hint`, error === undefined ? '' : `${id}-error`]
  const shared = {
    id,
    value,
    'aria-describedby': described.filter((part) => part !== '').join(' ') || undefined,
    'aria-invalid': error !== undefined,
    className: styles.input,
    ...rest,
  }
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {lines === undefined ? (
        <input {...shared} type={type} onChange={(event) => onChange(event.target.value)} />
      ) : (
        <textarea {...shared} rows={lines} onChange={(event) => onChange(event.target.value)} />
      )}
      <FieldNotes id={id} hint={hint} error={error} />
    </div>
  )
}

export function SelectField<Value extends string>({
  label,
  hint,
  error,
  value,
  options,
  onChange,
}: FieldProps & {
  readonly value: Value
  readonly options: readonly (readonly [value: Value, label: string])[]
  readonly onChange: (value: Value) => void
}): ReactNode {
  const id = useId()
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <span className={styles.select}>
        <select
          id={id}
          className={styles.input}
          value={value}
          onChange={(event) => onChange(event.target.value as Value)}
        >
          {options.map(([option, text]) => (
            <option key={option} value={option}>
              {text}
            </option>
          ))}
        </select>
        <Icon name="down" size={20} />
      </span>
      <FieldNotes id={id} hint={hint} error={error} />
    </div>
  )
}

function FieldNotes({
  id,
  hint,
  error,
}: {
  readonly id: string
  readonly hint: string | undefined
  readonly error: string | undefined
}): ReactNode {
  return (
    <>
      {hint !== undefined && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p id={`${id}-error`} className={styles.error} role="alert">
          {error}
        </p>
      )}
    </>
  )
}

export interface Choice<Value extends string> {
  readonly value: Value
  readonly title: string
  readonly detail?: string
  readonly icon?: IconName
  readonly tone?: Tone
}

/** A question with a few answers that are worth a line each: one of them, or any number with `many`. */
export function ChoiceList<Value extends string>({
  label,
  choices,
  chosen,
  onChange,
  many = false,
}: {
  readonly label: string
  readonly choices: readonly Choice<Value>[]
  readonly chosen: readonly Value[]
  readonly onChange: (chosen: readonly Value[]) => void
  readonly many?: boolean
}): ReactNode {
  const name = useId()
  const toggle = (value: Value): void => {
    if (!many) onChange([value])
    else onChange(chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value])
  }
  return (
    <fieldset className={styles.choices}>
      <legend>{label}</legend>
      {choices.map(({ value, title, detail, icon, tone }) => (
        <label key={value} className={styles.choice}>
          {icon !== undefined && <IconDisc name={icon} tone={tone ?? 'neutral'} />}
          <span className={styles.choiceText}>
            <span className={styles.choiceTitle}>{title}</span>
            {detail !== undefined && <span className={styles.hint}>{detail}</span>}
          </span>
          <input
            type={many ? 'checkbox' : 'radio'}
            name={name}
            checked={chosen.includes(value)}
            onChange={() => toggle(value)}
          />
          <span className={styles.mark} data-many={many} aria-hidden="true">
            <Icon name="check" size={16} />
          </span>
        </label>
      ))}
    </fieldset>
  )
}

/** A few short answers beside each other. */
export function Segmented<Value extends string>({
  label,
  options,
  value,
  onChange,
}: {
  readonly label: string
  readonly options: readonly (readonly [value: Value, label: string])[]
  readonly value: Value
  readonly onChange: (value: Value) => void
}): ReactNode {
  const name = useId()
  return (
    <fieldset className={styles.segmented}>
      <legend className="visually-hidden">{label}</legend>
      {options.map(([option, text]) => (
        <label key={option}>
          <input type="radio" name={name} checked={option === value} onChange={() => onChange(option)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  )
}
