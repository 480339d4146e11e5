/** A name that the text marks as one: two humps, or (checked later) set in backticks. */
const SET_NAME = String.raw`([A-Za-z][\w]*(?:[-.][\w]+)*)`
const LEGACY_PATTERNS: readonly RegExp[] = [
  new RegExp(
    String.raw`\b(?:old|legacy|existing|present|previous|former|today's|current)\s+(?:(?:sms|text|in-house|php|class|driver|gateway|sender|client|library|package|way|path|code)\s+)*${SET_NAME}`,
    'g',
  ),
  new RegExp(
    String.raw`\b(?:today|currently|now|at present|at the moment|so far|until now|still|sends?|texts?|does (?:it|that|this|so))\b[^.;]{0,90}?\b(?:via|with|through|over|by|using|by means of)\s+(?:(?:the|our|a|an|its)\s+)?(?:(?:class|driver|gateway|library|package|old|legacy|service|component)\s+)*${SET_NAME}`,
    'g',
  ),
  new RegExp(
    String.raw`\bOFF\b[\s:,|–—-]+(?:the\s+|only\s+)*${SET_NAME}\s+(?:alone\s+)?(?:sends|delivers|texts|does)\b`,
    'g',
  ),
  new RegExp(
    String.raw`(?<=^|[\s(])${SET_NAME}\s*(?:,|is|=|:|–|—|\s-\s|\()\s*(?:our|the|an?)?\s*(?:legacy|old|existing|previous|former)\s+(?:\w+\s)?(?:driver|sender|path|gateway|client|adapter|transport|class|way|code|library)`,
    'g',
  ),
]

/** Words that stand where a name could stand. */
export const STOP = new Set(
  `a an the and or of to in on is are it its this that with by for from as at we our new old go laravel service services side both each
   sms which who what must may can will writes sends side app application team code only no not php version system mode off shadow
   handler client controller step section table writer source part call calls request response result behind one two three between
   receives gets accepts answers does has have was were then when where if while after before during until never always returns
   should could would contacts calls keeps owns runs using via uses database log logs name value change owner driver provider
   deploy deployed release repo repository directory file path image host language runtime lang component project target stack`.split(
    /\s+/,
  ),
)

/** Adds what a sentence introduces as the driver that sends today. */
export function collectLegacy(text: string, norm: string, into: Map<string, number>): void {
  if (text.length > 600) return
  for (const pattern of LEGACY_PATTERNS) {
    for (const match of text.matchAll(pattern)) {
      const name = match[1] ?? ''
      if (
        name.length < 4 ||
        STOP.has(name.toLowerCase()) ||
        !isMarked(name, norm) ||
        /Client$|Controller$|^SMS/.test(name)
      )
        continue
      into.set(name, 1)
    }
  }
}

/** `RingDriver`, or a word that stands in backticks. */
function isMarked(name: string, norm: string): boolean {
  return /^[A-Z][a-z\d]+[A-Z]\w*$/.test(name) || (/^[A-Z]/.test(name) && norm.includes(`\`${name}\``))
}
