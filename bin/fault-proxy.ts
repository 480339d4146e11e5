import { faultProxyProgram } from '../src/fault-proxy/program.ts'
import { runProgram } from '../src/process/main.ts'
import { processShell } from './process-shell.ts'

await runProgram(faultProxyProgram, processShell)
