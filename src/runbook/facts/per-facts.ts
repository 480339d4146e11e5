/** Computes something once for each document; the facts of a document never change. */
export function perFacts<F extends object, T>(compute: (facts: F) => T): (facts: F) => T {
  const known = new WeakMap<F, { value: T }>()
  return (facts) => {
    const cached = known.get(facts)
    if (cached) return cached.value
    const value = compute(facts)
    known.set(facts, { value })
    return value
  }
}
