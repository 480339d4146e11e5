/** Finds a PHP variable, whose name begins with $, as a whole word. */
export function variablePattern(name: string, flags = ''): RegExp {
  return new RegExp(`${name.replaceAll(/[$()[\]>.*+?^{}|\\]/g, String.raw`\$&`)}(?!\\w)`, flags)
}
