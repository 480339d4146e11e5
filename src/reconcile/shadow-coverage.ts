/**
 * Why a message of SHADOW is not compared. The first five are read off the rows; the others are the gateway's
 * notes, and `lost` is what neither explains: the gateway died, or its database was away.
 */
export const leftOutReasons = [
  'too_young',
  'in_doubt',
  'verdict_not_logged',
  'dry_run_not_found',
  'lost',
  'dropped',
  'closed',
  'unreachable',
  'timed_out',
  'broken_answer',
  'service_error',
  'superseded',
  'not_logged',
] as const
export type LeftOut = (typeof leftOutReasons)[number]

export interface Coverable {
  readonly legacy_status: 'sent' | 'failed' | 'in_doubt'
  readonly dry_status: string | null
  readonly note: LeftOut | null
  readonly age_ms: number
}

/** `hasDryRun`: whether the service's log has it. Undefined: the message can be compared. */
export function reasonToLeaveOut(
  { legacy_status, dry_status, note, age_ms }: Coverable,
  hasDryRun: boolean,
  graceMs: number,
): LeftOut | undefined {
  if (dry_status !== null && hasDryRun) return legacy_status === 'in_doubt' ? 'in_doubt' : undefined
  // What the gateway knows of a call stands before what its traces look like.
  if (note) return note
  if (age_ms < graceMs) return 'too_young'
  if (hasDryRun) return 'verdict_not_logged'
  return dry_status === null ? 'lost' : 'dry_run_not_found'
}
