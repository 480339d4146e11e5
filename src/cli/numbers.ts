import { InvalidArgumentError } from 'commander'

/** For commander: a whole number within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`needs a whole number from ${least} to ${most}`)
  }
}

/** For commander: a share of all requests. */
export function share(text: string): number {
  const value = Number(text)
  if (/^\d+(\.\d+)?$/.test(text) && value >= 0 && value <= 1) return value
  throw new InvalidArgumentError('needs a share from 0 to 1')
}
