import type { Finding } from '../finding.ts'

export interface JsonFinding {
  readonly rule: string
  readonly startLine: number
  readonly endLine: number
  readonly heading: string | null
  readonly message: string
  readonly fix: 'safe' | 'manual'
  readonly advice: string
}

export function jsonFinding({ rule, startLine, endLine, heading, message, fix }: Finding): JsonFinding {
  return { rule, startLine, endLine, heading, message, fix: fix.safety, advice: fix.advice }
}
