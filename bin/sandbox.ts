import { runProgram } from '../src/process/main.ts'
import { sandboxProgram } from '../src/sandbox/program.ts'
import { processShell } from './process-shell.ts'

await runProgram(sandboxProgram, processShell)
