import type { Level } from './log-line.ts'
import type { ChildEvent } from './supervise.ts'

/** What the supervisor says of a child. */
export function describeEvent(event: ChildEvent): { level: Level; text: string } {
  switch (event.kind) {
    case 'healthy':
      return {
        level: 'info',
        text: `${event.start === 1 ? 'healthy' : 'healthy again'} as process ${event.pid}`,
      }
    case 'restarts':
      return { level: 'warn', text: `${event.how}: starts again in ${event.pauseMs / 1000} s` }
    case 'killed_late':
      return { level: 'warn', text: `did not stop in ${event.afterMs / 1000} s: killed` }
    case 'given_up':
      return { level: 'error', text: `${event.how}, not healthy in ${event.starts} start(s): given up` }
  }
}
