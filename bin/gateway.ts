import { gatewayProgram } from '../src/gateway/program.ts'
import { runProgram } from '../src/process/main.ts'
import { processShell } from './process-shell.ts'

await runProgram(gatewayProgram, processShell)
