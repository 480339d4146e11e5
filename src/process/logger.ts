import pino, { type Logger, type LoggerOptions } from 'pino'

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

/**
 * Standard output, written line by line. Left to itself pino writes later and flushes when the process exits; when
 * the reader is gone by then, that flush tries for ever, and a program whose supervisor was killed never ends.
 */
export const standardOutput = () => pino.destination({ dest: 1, sync: true })

/** Structured logs on standard output, one JSON line each. */
export function createLogger(name: string, level: LogLevel): Logger {
  const options: LoggerOptions = {
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
  }
  return pino(options, standardOutput())
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
