import { Type, type Static } from 'typebox'

/** An error document by RFC 9457 (`application/problem+json`). */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  /** Stable word for programs. */
  code: Type.String(),
  /** What is wrong with which field, one entry a problem. */
  errors: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }))),
})
export type Problem = Static<typeof Problem>

export const PROBLEM_MEDIA_TYPE = 'application/problem+json'

/** An expected failure that an HTTP handler throws and the one mapper turns into a problem document. */
export class HttpProblem extends Error {
  readonly problem: Problem
  readonly headers: Readonly<Record<string, string>>

  constructor(
    problem: Omit<Problem, 'type'>,
    options: { headers?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super(problem.detail, { cause: options.cause })
    this.name = 'HttpProblem'
    this.problem = { type: `urn:baton:problem:${problem.code}`, ...problem }
    this.headers = options.headers ?? {}
  }
}
