import type { ProcessShell } from '../src/process/main.ts'

/** This very process, for the programs in src, which touch no global of it. */
export const processShell: ProcessShell = {
  environment: process.env,
  onSignal: (handler) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => handler(signal))
  },
  onOrphaned: (handler) => {
    if (process.connected) process.once('disconnect', handler)
    else if ('connected' in process) handler() // there was a channel to a parent, and it is gone already
  },
  exit: (code) => process.exit(code),
  printProblem: (line) => console.error(line),
}
