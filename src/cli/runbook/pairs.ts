import { RunbookFileError } from './runbook-file.ts'

/** `NAME=VALUE` of the command line, as an object. */
export function valuesOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw new RunbookFileError(`this is no NAME=VALUE: ${pair}: write --set EPOCH=42`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}
