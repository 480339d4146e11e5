import { STATUS_CODES } from 'node:http'

/** An RFC 9457 problem document. The status says the kind, so the type is the one the RFC gives for that. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
}

export const PROBLEM_TYPE = 'application/problem+json'

export function problem(status: number, detail: string): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail }
}
