import { existsSync } from 'node:fs'

/**
 * Where root puts what the server's user must reach when the wanted place is closed to it. Not a temporary
 * folder: systems remove old files from those, one by one.
 */
export function reachableRoot(): string {
  return existsSync('/var/lib') ? '/var/lib' : '/var/tmp'
}
