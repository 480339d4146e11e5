import type { Notice } from '../../runbook/run/index.ts'

type Entry = Extract<Notice, { kind: 'entry' }>['entry']

/** An entry of the journal as a line for people. */
export function entryText(entry: Entry): string {
  switch (entry.kind) {
    case 'opened':
      return `run of ${entry.name} begun`
    case 'resumed':
      return 'run resumed'
    case 'edit-accepted':
      return `edit accepted by ${entry.by}: ${entry.changed.join(', ') || 'prose'}: ${entry.reason}`
    case 'approved':
      return `${entry.id} approved by ${entry.by}: ${entry.reason}`
    case 'started':
      return startedText(entry)
    case 'ended':
      return endedText(entry)
    case 'decided':
      return decidedText(entry)
    case 'judged':
      return `gate ${entry.gate}: ${entry.verdict}: ${entry.why}`
    case 'passed':
      return `passed ${entry.place}`
    case 'rollback-began':
      return `rollback of ${entry.steps.join(', ')}: ${entry.because}`
    case 'rollback-ended':
      return 'rollback ended'
    case 'repaired':
      return `journal repaired: an unfinished last line of ${entry.cut_bytes} bytes was cut`
    case 'stopped':
      return `stopped (${entry.code}): ${entry.why}`
  }
}

function endedText({
  step,
  role,
  is_done,
  outcome,
  duration_ms,
  why,
}: Extract<Entry, { kind: 'ended' }>): string {
  if (outcome === 'rehearsed') return `${step}: ${role} only logged`
  return is_done ? `${step}: ${role} done in ${duration_ms} ms` : `${step}: ${role} failed: ${why}`
}

function startedText({ step, role, attempt }: Extract<Entry, { kind: 'started' }>): string {
  return `${step}: ${role} started${attempt > 1 ? `, attempt ${attempt}` : ''}`
}

function decidedText({ step, is_done, by, reason }: Extract<Entry, { kind: 'decided' }>): string {
  return `${step}: ${is_done ? 'done' : 'not done'}, says ${by}: ${reason}`
}
