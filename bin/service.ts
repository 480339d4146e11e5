import { serviceProgram } from '../src/service/program.ts'
import { runProgram } from '../src/process/main.ts'
import { processShell } from './process-shell.ts'

await runProgram(serviceProgram, processShell)
