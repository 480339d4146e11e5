import { createColors } from 'picocolors'
import { readLogLine, type Level, type LogLine } from './log-line.ts'

/** Who speaks; `up` is the supervisor itself. */
export type Speaker = 'up' | 'postgres' | 'sandbox' | 'service' | 'fault-proxy' | 'gateway'

export interface ConsoleLog {
  /** A line that a program wrote. */
  line(speaker: Speaker, line: string): void
  say(level: Level, text: string, speaker?: Speaker): void
  /** Text of the supervisor that is no log: as it is. */
  block(text: string): void
}

const PREFIX_LENGTH = 'fault-proxy'.length

/** Prefixed lines, in colour where the reader's terminal has it. */
export function createConsoleLog(write: (line: string) => void, colour: boolean): ConsoleLog {
  const paint = createColors(colour)
  const speakers: Readonly<Record<Speaker, (text: string) => string>> = {
    up: paint.bold,
    postgres: paint.blue,
    sandbox: paint.yellow,
    service: paint.green,
    'fault-proxy': paint.magenta,
    gateway: paint.cyan,
  }
  const levels: Readonly<Record<Level, (text: string) => string>> = {
    debug: paint.dim,
    info: (text) => text,
    warn: paint.yellow,
    error: paint.red,
    fatal: paint.red,
  }
  const put = (speaker: Speaker, { time, level, text }: LogLine): void => {
    const head = level === undefined ? [] : [paint.dim(time ?? ''), levels[level](level.padEnd(5))]
    const body = level === undefined ? text : levels[level](text)
    write([`${speakers[speaker](speaker.padEnd(PREFIX_LENGTH))} │`, ...head, body].join(' '))
  }
  return {
    line: (speaker, line) => put(speaker, readLogLine(line)),
    say: (level, msg, speaker = 'up') =>
      put(speaker, readLogLine(JSON.stringify({ level, msg, time: Date.now() }))),
    block: (text) => write(text),
  }
}
