/** Where a role begins. */
import type { StaffSession } from '../api/staff.ts'

export function homeOf({ kind }: StaffSession): string {
  return kind === 'operator' ? '/app/admin' : '/app/patients'
}
