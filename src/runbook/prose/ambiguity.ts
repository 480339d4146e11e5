/** Words that leave a decision open but can simply be left out. */
const HEDGES: readonly RegExp[] = [
  /,?\s*\bif (?:(?:it is |it's |that is |this is )?(?:needed|necessary|required|possible|appropriate|applicable|desired|wanted|useful|sensible|helpful)|(?:it makes|that makes) sense|need be|you (?:like|want|wish|prefer|feel like it)|in doubt|so desired|time (?:permits|allows))\b,?/i,
  /,?\s*\b(?:as|when(?:ever)?|where(?:ver)?) (?:needed|appropriate|necessary|required|applicable|desired|useful|possible|sensible|convenient|fitting|suitable|called for|warranted|opportune|(?:it|this|that) (?:makes sense|seems (?:right|sensible|appropriate)|is (?:appropriate|convenient|needed|necessary|possible|useful))|you (?:see fit|think fit|like|prefer|deem (?:fit|necessary|appropriate)|think (?:it )?(?:is )?(?:best|right|necessary)))\b,?/i,
  /,?\s*\bat (?:your|their|his|her|the operator's|one's) (?:own )?(?:discretion|convenience|leisure|judge?ment)\b,?/i,
  /\s*\((?:optional|optionally|if needed|if necessary|as needed|maybe|or so|recommended)\)/i,
  /\b(?:ideally|preferably|optionally|perhaps|maybe|possibly|hopefully),?\s+/i,
  /,?\s+\b(?:ideally|preferably|optionally|perhaps|maybe|possibly|or so|more or less)\b/i,
  /\b(?:feel free to|try to|you (?:may|might|could) (?:want|wish|like) to|it (?:may|might) be (?:a good idea|worth\w*|wise|useful|sensible) to|it is (?:a good idea|recommended|advisable|suggested) to)\s+/i,
]

/** Words that make an obligation of what only sounds like advice. */
const SOFT: readonly (readonly [RegExp, string])[] = [
  [
    /\b(?:should|ought to) (?:probably|maybe|perhaps|ideally|preferably|normally|generally|usually|really)\s+/i,
    'must ',
  ],
  [/\b(?:probably|maybe|perhaps|ideally|preferably) (?:should|ought to)\s+/i, 'must '],
  [/\b(?:might|could|may) (?:also )?(?:want|need|have) to\s+/i, 'must '],
]

/** Words that leave open what, when or how much. No shorter text says it: somebody has to decide. */
const OPEN: readonly RegExp[] = [
  /\b(?:choose|pick|select|try|use|take) (?:one|any|either|some|whichever)(?: of)?\b(?! (?:message|phone|handset|row|uuid|test))/i,
  /\bwhichever\b|\bwhatever (?:seems|looks|is|works|you|makes|fits|suits|feels|helps|comes|the (?:operator|team|shift))\b|\bhowever you\b/i,
  /\b(?:one|some|any|either|a part|half) of (?:the|them|these|those)\b[^.;:]{0,40}\bor (?:both|all|several|more|none|neither)\b|\b(?:up|left|leave (?:it|this|that)) to (?:you|whoever|the (?:operator|engineer|team|shift|person|one|colleague)s?)\b|\bwhoever (?:has time|is (?:free|around|available|there|nearest))\b/i,
  /\b(?:use|using|apply|exercise) (?:your |their |some )?(?:own |best |good )?(?:judge?ment|discretion|common sense|intuition)\b/i,
  /\b(?:judge|decide|consider|assess|evaluate|think about|discuss|agree) (?:if|whether|yourselves|yourself|on the spot|ad hoc|case by case|how (?:long|many|much)|what to do|for yourself|together)\b|\bcase[- ]by[- ]case\b|\bit depends\b|\bdepending on (?:the situation|how|load|mood|circumstances|what|the (?:outcome|result|impression|day|traffic|case))\b/i,
  /\b(?:good|stable|quiet|long|high|low|safe|calm|confident|healthy|close|sure|clean|fast) enough\b|\benough (?:confidence|time|traffic|messages)\b/i,
  /\b(?:looks?|seems?|appears?|feels?|sounds?) (?:to be )?(?:ok(?:ay)?|fine|good|healthy|unhealthy|sane|right|wrong|reasonable|strange|odd|weird|stable|unstable|normal|abnormal|bad|safe|suspicious|alright|all right|calm|quiet|slow|stuck|ill|sick|off|unwell|broken|fishy|dubious|sluggish|hung|dead|degraded|comfortable|ready|steady|happy|sensible|prudent|appropriate|adequate|convenient|promising|risky|dangerous|necessary|enough|in order|clean|sound|weak|tired|overloaded|unlikely|likely|doubtful|unsure|busy|low|high|small|big|right enough)\b/i,
  /\b(?:react|behav|act|respond|perform|look|run|work|answer)(?:s|e|es|ing)? (?:\w+ )?(?:strangely|oddly|weirdly|badly|poorly|funnily|abnormally|erratically|sluggishly|suspiciously|unusually|slowly|normally|properly|correctly|well|smoothly|acceptably|satisfactorily|up)\b/i,
  /\b(?:as|for as|so) long as (?:(?:it|this|that|things?|everything|you|we|the team|operators?) )?(?:feels?|seems?|looks?|wants?|wish(?:es)?|likes?|pleases?|prefers?|takes|is (?:needed|necessary|comfortable|sensible|useful|reasonable|prudent)|(?:you |we )?deems?)\b/i,
  /\bas (?:you|they|one|operators?|people|we|he|she|the (?:operator|team)) (?:sees?|thinks?|saw|likes?|wish(?:es)?|prefers?|deems?|feels?|judges?)\b|\bas (?:often|many|much|long|far|early|late|high|low) as (?:needed|necessary|possible|you (?:like|want)|(?:it )?(?:seems|feels|is) \w+|required|sensible)\b/i,
  /\b(?:in (?:good|due) (?:time|course)|at a (?:quiet|good|suitable|calm|convenient) (?:moment|time|hour)|when (?:traffic|load|things|it) (?:is|are|allows?|permits?)(?: \w+)?(?: (?:low|quiet|calm|down|enough))|within reason|a handful of|a bunch of|some of (?:the|them|those)|a suitable|use (?:your|the) (?:head|feeling|gut|instinct|experience)|gut feeling|to taste|play (?:it )?by ear|depending on|depend(?:s)? on (?:the situation|how|what|your)|as (?:the )?(?:situation|circumstances?|case|need|occasion) (?:demands?|requires?|arises?|dictates?|may be|permits?|allows?))\b/i,
  /\b(?:for |wait |after |in )?(?:a (?:little |short |good )?while|some time|a bit|a moment|a couple of (?:minutes|hours|days)|a few (?:minutes|seconds|hours|days|messages|times|attempts)|several (?:minutes|hours|times|attempts)|long enough)\b/i,
  /\b(?:(?:keeps?|continues?|starts?) (?:on )?(?:growing|climbing|rising|happening|failing|flapping|increasing)|does not (?:get better|recover|calm down|improve|help)|doesn't (?:get better|recover|calm down|improve|help)|gets? (?:worse|out of hand|too (?:high|bad|slow))|things (?:go|look|get|calm|settle)|settles? down|calms? down|goes wrong|go wrong)\b/i,
  /\b(?:reasonabl[ey]|acceptabl[ey]|sensibl[ey]|suitabl[ey]|adequate(?:ly)?|sufficient(?:ly)?|appropriate(?:ly)?) (?:size|count|capacity|number|amount|time|level|rate|share|delay|period|value|threshold|limit|interval|measures?|actions?|steps?|low|high|small|long|fast|quickly)\b|\b(?:take|appropriate) (?:appropriate |suitable |the necessary |necessary )(?:action|measures|steps)\b/i,
  /\b(?:too many|too high|too long|too slow|too much|unusual(?:ly)?|suspicious(?:ly)?|strange|weird|excessive|significant(?:ly)?|noticeabl[ey]|a lot of|lots of|quite some) (?:errors?|failures?|latency|load|retries|behaviou?r|traffic|activity|mismatch\w*|more|slower|higher|complaints?|backlog|differences?|of)\b|\btoo (?:many|high|long|slow)\b/i,
  /\b(?:as soon as possible|asap|soon(?:ish)?|eventually|at some point|sooner or later|from time to time|once in a while|every now and then|now and then|periodically|regularly|occasionally|when(?:ever)? (?:you are )?(?:ready|happy|comfortable|confident|satisfied|there is time|time permits|convenient)|(?:once|until|if|when|as soon as) (?:you|we|operators?|the team) (?:are|is|feels?) (?:ready|happy|comfortable|confident|satisfied))\b/i,
  /\bor\s+(?:just |simply |else )?(?:ask|call|ping|page|contact|wait|leave it|ignore|do nothing|skip|try|fall back to|something (?:similar|like that|else)|similar|so)\b/i,
  /\b(?:tbd|t\.b\.d\.|tba|to be (?:decided|defined|determined|discussed|clarified)|tbc|fixme|not yet decided|still open)\b/i,
  /\b(?:should be (?:ok(?:ay)?|fine|enough)|ought to work|should work|hopefully|with luck|fingers crossed|probably|presumably|likely (?:fine|ok|enough)|roughly|approximately|about right|or thereabouts|give or take)\b/i,
  /\betc\.?(?=[\s.,)]|$)|\band so on\b|\band the like\b|\band similar\b/i,
  /\b(?:keep|have) (?:an eye|a look) (?:on|at)\b|\bbe careful\b|\bwith care\b|\buse common sense\b/i,
  /\b(?:should|could|might) (?:also )?be (?:considered|useful|helpful|wise|sensible)\b|\bconsider \w+ing\b|\bmight be (?:needed|necessary|better|time)\b|\bmay be (?:needed|necessary|skipped|omitted|postponed|required)\b/i,
]

const STATE_GOOD = String.raw`(?:(?:everything|all|it|this|that|things|the (?:numbers|graphs|figures|results?|logs?|dashboards?|rows?|output|system|service))\s+(?:still )?(?:looks?|seems?|appears?|feels?|is|are)\s+(?:to be )?(?:ok(?:ay)?|fine|good|healthy|sane|right|normal|stable|alright|all right|quiet|calm)(?: enough)?|(?:you|we|operators?|the team) (?:are|is|feels?) (?:ready|happy|comfortable|confident|satisfied)(?: enough)?|things (?:settle|calm)(?: down)?)`
const STATE_BAD = String.raw`(?:(?:everything|anything|something|it|this|that|things)\s+(?:looks?|seems?|appears?|feels?|is|goes|go)\s+(?:to be )?(?:wrong|bad|strange|odd|weird|unhealthy|unstable|abnormal|suspicious|stuck)|(?:it|this|that|things) (?:does not|doesn't|do not|don't) (?:get better|recover|calm down|improve|help)|(?:it|this|things) gets? worse)`

/** Vague words with a plain reading: a figure, or the gate that the runbook has for the question. */
const SETTLED: readonly (readonly [RegExp, string])[] = [
  [
    new RegExp(String.raw`\b(?<=(?:if|when|once|until|as soon as|after)\s)${STATE_GOOD}`, 'gi'),
    'every check of the verification gate passes',
  ],
  [
    new RegExp(String.raw`\b(?<=(?:if|when|once|as soon as|should)\s)${STATE_BAD}`, 'gi'),
    'a check of the verification gate fails',
  ],
  [/\b(?:for )?(?:a (?:little |short |good )?while|some time|a bit|a moment)\b/gi, '5 minutes'],
  [/\ba few (?=minutes|seconds|messages|times|attempts)/gi, '5 '],
  [/\ba few (?=hours|days)/gi, '3 '],
  [/\ba couple of (?=minutes|hours|days|times)/gi, '2 '],
  [/\bseveral (?=hours|times|attempts)/gi, '3 '],
  [/\b(?:as soon as possible|asap|soon(?:ish)?|at some point|eventually|sooner or later)\b/gi, 'immediately'],
  [
    /\b(?:from time to time|once in a while|every now and then|now and then|periodically|regularly|occasionally)\b/gi,
    'every hour',
  ],
  [/,?\s*\b(?:etc\.?|and so on|and the like|or thereabouts|give or take)(?=[\s.,;)]|$)/gi, ''],
  [/\b(?:roughly|approximately|about right|probably|presumably) (?=\S)/gi, ''],
]

/** "A or B, whichever is easier", "choose one of A, B or C": the writer takes any, so the first will do. */
const ANY_OF: readonly (readonly [RegExp, string])[] = [
  [/\b(?:either )?([\w`][^.;:,]*?),? or [^.;:,]+?,? (?:whichever|whatever) [^.;]+/i, '$1'],
  [
    /\b(?:choose|pick|select|try|do|use|take) (?:one|any|either)(?: of)?(?: the following)?:? ([^,.;]+?)(?:,| or ) ?[^.;]+/i,
    '$1',
  ],
]

export interface Ambiguity {
  readonly words: string
  /** Whether leaving the words out, or making them binding, settles it. */
  readonly isHedge: boolean
}

/** The words of an instruction that leave a decision open. */
export function ambiguitiesIn(sentence: string): Ambiguity[] {
  const found: Ambiguity[] = []
  let rest = sentence
  for (const [pattern] of SOFT) {
    const match = pattern.exec(rest)
    if (match) found.push({ words: match[0].trim(), isHedge: true })
    rest = rest.replace(pattern, ' ')
  }
  for (const pattern of HEDGES) {
    const match = pattern.exec(rest)
    if (match) found.push({ words: match[0].replaceAll(/^[\s,]+|[\s,]+$/g, ''), isHedge: true })
    rest = rest.replace(pattern, ' ')
  }
  for (const pattern of OPEN) {
    const match = pattern.exec(rest)
    if (match) found.push({ words: match[0].trim(), isHedge: false })
  }
  return found
}

/** The same instruction without its hedges; works on text with its mark-up. */
export function withoutHedges(raw: string): string {
  let text = raw
  for (const [pattern, binding] of SOFT) text = text.replace(pattern, binding)
  for (const pattern of HEDGES)
    text = text.replace(new RegExp(pattern.source, 'gi'), (words) =>
      /^\s/.test(words) && /\s$/.test(words) ? ' ' : '',
    )
  for (const [pattern, figure] of SETTLED) text = text.replace(pattern, figure)
  text = text.replaceAll(/ +([.,;:!])/g, '$1').replaceAll(/(\S) {2,}(?=\S)/g, '$1 ')
  return text.charAt(0).toUpperCase() === raw.charAt(0) ? text.charAt(0).toUpperCase() + text.slice(1) : text
}

/** One of several things that the writer takes alike; a gerund becomes the command. */
export function firstAlternative(raw: string): string {
  for (const [pattern, kept] of ANY_OF) {
    const match = pattern.exec(raw)
    if (!match) continue
    const first = match[0].replace(pattern, kept).trim()
    return (
      raw.slice(0, match.index) +
      first.replace(/^(\w+?)(?:ing)\b/, (_, stem: string) => imperativeOf(stem)) +
      raw.slice(match.index + match[0].length)
    )
  }
  return raw
}

function imperativeOf(stem: string): string {
  if (/([bdgmnprt])\1$/.test(stem)) return stem.slice(0, -1)
  return /(?:[^aeiou][aeiou][^aeiouwxy]|(?:ais|as|os|us|eas|iz|ov|iv|at|ut|ur|ag|ang|arg|uc|edg|les))$/.test(
    stem,
  ) && !/(?:rain|start|restart|wait|train|er|en|el|it|op|ow)$/.test(stem)
    ? `${stem}e`
    : stem
}

const IMPERATIVE =
  /^(?:\W|\d+[.)]|\[[ x]\])*(?:(?:then|now|first|next|finally|afterwards|also|please|and|or|otherwise|else|just|simply|optionally|ideally|preferably|maybe|perhaps|possibly)[,\s]+)*(?:add|adjust|allow|announce|apply|ask|attach|avoid|back|be|bounce|bring|build|cycle|recycle|relaunch|redeploy|reboot|reset|rotate|purge|refresh|replay|re-?queue|reroute|route|shift|redirect|trim|tweak|expand|shrink|extend|shorten|loosen|tighten|grow|downgrade|cancel|abort|terminate|halt|launch|get|assign|evict|cordon|provision|recreate|reinstall|reopen|review|rewind|sample|schedule|shut|silence|snooze|spin|split|sync|tail|trace|track|triage|undo|validate|vary|wipe|alert|bump|calm|cap|clone|contact|crank|dial|divert|draw|email|empty|engage|enlarge|exclude|fail|fetch|figure|find|fire|free|hand|help|import|include|initiate|isolate|kick|link|list|load|lock|mark|message|mute|nudge|offload|order|poke|prepare|prune|pull|quarantine|query|ramp|react|rebalance|record|release|relax|remind|rename|renew|resize|respawn|respond|re-?try|revive|ring|rotate|score|search|shed|show|sign|slow|sort|speed|step|suspend|swap|tag|time|transfer|trigger|unblock|unlock|vacuum|widen|wake|call|change|check|choose|clean|clear|click|close|collect|commit|compare|configure|confirm|consider|continue|copy|create|decide|delete|deploy|disable|discuss|do|double|drain|drop|edit|enable|ensure|escalate|evaluate|execute|export|feel|fix|flip|flush|follow|give|go|have|hold|ignore|inform|increase|insert|inspect|install|investigate|judge|keep|kill|leave|let|log|look|lower|make|merge|monitor|move|notify|observe|open|page|pause|pick|ping|post|proceed|push|put|raise|re-?run|read|rebuild|reduce|reload|remove|repeat|replace|report|restart|restore|resume|retry|revert|roll|run|save|scale|see|select|send|set|skip|start|stay|stop|switch|take|talk|tell|test|throttle|top|truncate|try|tune|turn|update|upgrade|use|verify|wait|warm|warn|watch|write)\b/i

const DIRECTS =
  /\b(?:must|should|shall|may|might|could|can|has to|have to|needs? to|ought to|is to|are to|it is (?:recommended|advisable)|you|operators?|please)\b/i

/** Whether a sentence tells somebody to do something, or lets them. */
export function isInstruction(sentence: string): boolean {
  if (
    /\?\s*$/.test(sentence) ||
    /^\W*(?:customers?|users?|tenants?|patients?|schools?|parents?|recipients?|guests?|resellers?)\b/i.test(
      sentence,
    )
  )
    return false
  if (IMPERATIVE.test(sentence)) return true
  const parts = sentence.split(/[:,;]\s+|\s+[–—-]\s+|\band\s+|\bthen\s+|\bor\s+/)
  if (parts.slice(1).some((part) => IMPERATIVE.test(part))) return true
  return DIRECTS.test(sentence)
}
