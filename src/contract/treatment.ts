import { Type, type Static } from 'typebox'

const Word = Type.Union([Type.String({ minLength: 1, maxLength: 64 }), Type.Null()])

/** How a side treats a message beyond its verdict; null: it does not tell. */
export const Treatment = Type.Object({
  to: Type.Union([Type.String({ pattern: '^\\+[1-9][0-9]{6,14}$' }), Type.Null()]),
  encoding: Word,
  segments: Type.Union([Type.Integer({ minimum: 0, maximum: 255 }), Type.Null()]),
  /** The provider that is tried first. */
  route: Word,
  price: Type.Union([Type.Number({ minimum: 0 }), Type.Null()]),
  /** Why it is refused, in a word. */
  error_class: Type.Union([Type.String({ pattern: '^[a-z][a-z0-9_]{0,31}$' }), Type.Null()]),
})
export type Treatment = Static<typeof Treatment>
