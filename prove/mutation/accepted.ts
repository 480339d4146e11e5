/**
 * Mutants that survive, each with the reason: it changes nothing that can be observed. Whoever adds one writes
 * why no test can tell; a survivor that is missing here fails the run.
 */
export const accepted: ReadonlyMap<string, string> = new Map([
  [
    'src/core/mode.ts: for (const char of `${tenant}\\n${recipient}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), FNV_PRIME): 0 -> 1 at 94',
    'a character of a string always has a code point; the default is for the type checker',
  ],
  [
    "src/core/provider-health.ts: const lastMs = health.kind === 'probing' ? health.pauseMs : 0: 0 -> 1 at 60",
    'twice one millisecond is still below the first pause',
  ],
  [
    'src/core/route.ts: return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32: 16 -> 17 at 26',
    'the last mixing step moves low bits only, which decide between draws that are nearly equal',
  ],
  [
    'src/core/route.ts: return shareOf(seed) ** (1 / weight): 1 -> 2 at 25',
    'the square of every draw is in the same order',
  ],
])
