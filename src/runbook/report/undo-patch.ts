import { createTwoFilesPatch } from 'diff'

/** A unified diff from the hardened text back to the one before; `patch -p0 < FILE` takes it. */
export function undoPatch(file: string, before: string, after: string): string {
  return createTwoFilesPatch(file, file, after, before, 'hardened', 'original', { context: 3 })
}

export function forwardPatch(file: string, before: string, after: string): string {
  return createTwoFilesPatch(file, file, before, after, 'original', 'hardened', { context: 3 })
}
