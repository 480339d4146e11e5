import { text } from '../process/settings.ts'

/** Of the command line alone; how a running Baton is reached stands in `.baton/env`. */
export const cliSettings = {
  drillRecipient: text('BATON_DRILL_RECIPIENT', 'number that drills send to', '+12025550198'),
} as const
