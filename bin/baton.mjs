#!/usr/bin/env node
import { runTypeScript } from './node24.mjs'

runTypeScript('bin/baton.ts', process.argv.slice(2))
