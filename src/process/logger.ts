import pino, { type Logger } from 'pino'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Fields that would name a person or repeat what was written to one: never in a log, at whatever depth. */
const redacted = [
  'body',
  'to',
  'recipient',
  'recipients',
  'sender',
  'authorization',
  'password',
  'connectionString',
]

/** Structured logs on standard output, one JSON line each. */
export function createLogger(name: string, level: LogLevel): Logger {
  return pino({
    name,
    level,
    base: { name },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: redacted.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
      censor: '[redacted]',
    },
    serializers: { err: describeError },
  })
}

/** What of an error may be logged: a database error's `detail` and parameters can hold a row, so they stay out. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) }
  return {
    type: error.name,
    message: error.message,
    ...('code' in error ? { code: error.code } : {}),
    ...(error.cause instanceof Error ? { cause: describeError(error.cause) } : {}),
    stack: error.stack?.split('\n').slice(1, 6).join('\n'),
  }
}
