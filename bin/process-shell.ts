import type { ProcessShell } from '../src/process/main.ts'

/** This very process, for the programs in src, which touch no global of it. */
export const processShell: ProcessShell = {
  environment: process.env,
  onSignal: (handler) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => handler(signal))
  },
  onOrphaned: (handler) => {
    // Undefined: there was never a channel. False: there was one to a parent, and it is gone already.
    const isConnected: boolean | undefined = process.connected
    if (isConnected === false) handler()
    else if (isConnected) process.once('disconnect', handler)
  },
  exit: (code) => process.exit(code),
  printProblem: (line) => console.error(line),
}
