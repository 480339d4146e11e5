/** Why a long test is not run here; `undefined` where it is. */
export const skippedAsLong: string | undefined =
  process.env['LONG_TESTS'] === '1' ? undefined : 'takes minutes: LONG_TESTS=1 runs it'
