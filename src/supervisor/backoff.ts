const FIRST_MS = 200
const MOST_MS = 5_000
/** So long a program has to be healthy until its next restart is again a first one. */
export const HEALTHY_RESET_MS = 10_000

/** The pause before a restart, by how many came before it: 0.2 s, doubling, at most 5 s. */
export function pauseMs(restartsBefore: number): number {
  return Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(restartsBefore, 10))
}
