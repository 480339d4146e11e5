/** Phone numbers in a text with their last four digits hidden: `+12025550100` becomes `+1202555****`. */
export function maskNumbers(text: string): string {
  return text.replaceAll(/\+[1-9][0-9]{6,14}(?![0-9])/g, (number) => `${number.slice(0, -4)}****`)
}
