import { Type, type Static } from 'typebox'

const DELAY_MAX_MS = 600_000
const FOR_MAX_MS = 3_600_000

/** What PUT /faults takes: the whole setting; an absent fault is off. */
export const FaultSettingSchema = Type.Object(
  {
    delay_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: DELAY_MAX_MS })),
    swallow: Type.Optional(Type.Boolean()),
    reset: Type.Optional(Type.Boolean()),
    refuse: Type.Optional(Type.Boolean()),
    blackhole: Type.Optional(Type.Boolean()),
    /** The faults end by themselves after so long, whatever becomes of whoever set them. */
    for_ms: Type.Optional(Type.Integer({ minimum: 1, maximum: FOR_MAX_MS })),
  },
  { additionalProperties: false },
)

export type FaultSetting = Static<typeof FaultSettingSchema>

/** What becomes of bytes from the upstream. Where several faults are set, the earlier one here rules. */
export type AnswerFate = 'blackhole' | 'reset' | 'swallow' | 'pass'

export function answerFate(setting: FaultSetting): AnswerFate {
  if (setting.blackhole) return 'blackhole'
  if (setting.reset) return 'reset'
  return setting.swallow ? 'swallow' : 'pass'
}
