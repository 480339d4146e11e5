import { Readable, Writable } from 'node:stream'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import {
  CallToolRequestSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
  type CallToolResult,
} from '@modelcontextprotocol/sdk/types.js'
import { Value } from 'typebox/value'
import { maskNumbers } from '../../process/mask-numbers.ts'
import type { CliShell } from '../shell.ts'
import { tools, type Tool } from './tools.ts'

export interface McpOptions {
  readonly shell: CliShell
  /** Runs one command line; resolves to its exit code. */
  readonly run: (argv: readonly string[], shell: CliShell) => Promise<number>
  readonly changesAllowed: boolean
}

type Input = Readonly<Record<string, unknown>>

const CALLS_AT_ONCE = 4

/** Speaks the Model Context Protocol on standard input and output until the input ends. */
export async function serveMcp(options: McpOptions): Promise<void> {
  const { shell } = options
  const server = new Server({ name: 'baton', version: '1' }, { capabilities: { tools: {} } })
  let underWay = 0
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools.map(describe) }))
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    if (underWay >= CALLS_AT_ONCE) {
      return refuse(`${underWay} calls are under way`, 'wait until one of them has ended')
    }
    underWay++
    try {
      return await call(options, params.name, params.arguments ?? {})
    } finally {
      underWay--
    }
  })
  const ended = Promise.withResolvers<void>()
  const input = Readable.from(shell.stdin)
  input.once('end', ended.resolve)
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      shell.write(chunk.toString())
      done()
    },
  })
  shell.onSignal(() => ended.resolve())
  await server.connect(new StdioServerTransport(input, output))
  await ended.promise
  await server.close()
}

async function call(options: McpOptions, name: string, input: Input): Promise<CallToolResult> {
  const tool = tools.find((one) => one.name === name)
  if (!tool) throw new McpError(ErrorCode.InvalidParams, `no such tool: ${name}: ask tools/list`)
  const problems = Value.Errors(tool.input, input)
  if (problems.length > 0) {
    const why = problems.map(({ instancePath, message }) => `${instancePath || 'arguments'}: ${message}`)
    return refuse(why.join('; '), `call ${name} with arguments of its schema`)
  }
  if (tool.changes && !options.changesAllowed) {
    return refuse(
      `${name} changes the system, and this server only reads`,
      'start it as baton mcp --allow-changes',
    )
  }
  return runVerb(options, tool, input)
}

/** Runs the verb as a shell would and hands over what it printed, its numbers masked, and its exit code. */
async function runVerb({ shell, run }: McpOptions, tool: Tool, input: Input): Promise<CallToolResult> {
  const printed: string[] = []
  const complained: string[] = []
  const code = await run(tool.argv(input), {
    ...shell,
    stdin: Readable.from([]),
    colour: false,
    print: (line) => printed.push(`${line}\n`),
    write: (text) => printed.push(text),
    complain: (line) => complained.push(line),
  })
  const answer = {
    exit_code: code,
    means: meaningOf(code),
    answer: parse(printed.join('')),
    said: complained,
  }
  return {
    content: [{ type: 'text', text: maskNumbers(JSON.stringify(answer, null, 2)) }],
    isError: code === 2,
  }
}

function meaningOf(code: number): string {
  const meanings = [
    'done, or passed',
    'refused, or failed',
    'error',
    'holds: there is no answer to trust yet',
  ]
  return meanings[code] ?? 'error'
}

/** JSON, JSON lines, or text as it is. */
function parse(text: string): unknown {
  const trimmed = text.trim()
  if (trimmed === '') return null
  try {
    return JSON.parse(trimmed)
  } catch {
    return parseLines(trimmed.split('\n')) ?? trimmed
  }
}

function parseLines(lines: readonly string[]): unknown[] | undefined {
  try {
    return lines.map((line): unknown => JSON.parse(line))
  } catch {
    return undefined
  }
}

function describe({ name, about, input, changes }: Tool) {
  return {
    name,
    description: changes ? `${about} (needs --allow-changes)` : about,
    inputSchema: { ...input, type: 'object' as const },
    annotations: { readOnlyHint: !changes, destructiveHint: changes },
  }
}

function refuse(why: string, liftedBy: string): CallToolResult {
  const text = JSON.stringify({ refused: true, why, lifted_by: liftedBy }, null, 2)
  return { content: [{ type: 'text', text }], isError: true }
}
