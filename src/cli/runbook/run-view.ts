import { maskNumbers } from '../../process/mask-numbers.ts'
import type { Notice } from '../../runbook/run/index.ts'
import { liveView } from './live-view.ts'
import { entryText } from './entry-text.ts'
import type { RunTerminal } from './terminal.ts'

/** Shows a run while it goes on. */
export interface RunView {
  readonly notice: (notice: Notice) => void
  readonly close: () => void
}

/** Redrawn in place on a terminal, line by line elsewhere, JSON lines on demand. */
export function openView(terminal: RunTerminal, isJson: boolean): RunView {
  if (isJson) return jsonView(terminal)
  return terminal.isLive ? liveView(terminal) : plainView(terminal)
}

function jsonView(terminal: RunTerminal): RunView {
  return {
    notice: (notice) => {
      if (notice.kind !== 'state') terminal.out(`${JSON.stringify(notice)}\n`)
    },
    close: () => {},
  }
}

function plainView(terminal: RunTerminal): RunView {
  return {
    notice: (notice) => {
      const text = textOf(notice)
      if (text !== null) terminal.out(`${new Date(notice.at).toISOString()} ${maskNumbers(text)}\n`)
    },
    close: () => {},
  }
}

function textOf(notice: Notice): string | null {
  if (notice.kind === 'entry') return entryText(notice.entry)
  return notice.kind === 'output' ? `  ${notice.id} | ${notice.line}` : null
}
