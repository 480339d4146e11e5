// Starts the pinned Node on a TypeScript file. Plain JavaScript, so that any Node >= 20 can run it:
//   node bin/node24.mjs FILE [ARGUMENT ...]
// Installs the packages first when node_modules is absent or older than the lock file.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const NODE_MINIMUM = [24, 0]

function installPackages() {
  const lock = join(root, 'package-lock.json')
  if (!existsSync(lock)) return // installed as a dependency: its own npm has done it
  const installed = join(root, 'node_modules', '.package-lock.json')
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return
  process.stderr.write('baton: installing packages (npm ci) ...\n')
  const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', process.stderr.fd, process.stderr.fd],
    shell: process.platform === 'win32',
  })
  if (npm.status !== 0) {
    process.stderr.write(`baton: npm ci failed with exit code ${npm.status}: run it in ${root} to see why\n`)
    process.exit(2)
  }
}

function pinnedNode() {
  const require = createRequire(join(root, 'package.json'))
  for (const name of [
    `node-${process.platform}-${process.arch}`,
    `node-bin-${process.platform}-${process.arch}`,
  ]) {
    try {
      return join(dirname(require.resolve(`${name}/package.json`)), 'bin', 'node')
    } catch {
      // not this platform's package
    }
  }
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > NODE_MINIMUM[0] || (major === NODE_MINIMUM[0] && minor >= NODE_MINIMUM[1]))
    return process.execPath
  process.stderr.write(
    `baton: needs Node ${NODE_MINIMUM.join('.')} or newer and no pinned one exists for ${process.platform}-${process.arch}; this is Node ${process.versions.node}\n`,
  )
  process.exit(2)
}

/** Runs a TypeScript file, given relative to the package's root, and ends with its exit code. */
export function runTypeScript(file, args) {
  installPackages()
  const child = spawn(pinnedNode(), ['--disable-warning=ExperimentalWarning', join(root, file), ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'], // the channel tells the child when this process is killed
  })
  // A terminal sends its interrupt to the child as well; this process only has to outlive it.
  process.on('SIGINT', () => {})
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`baton: cannot start ${file}: ${error.message}\n`)
    process.exit(2)
  })
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file, ...args] = process.argv.slice(2)
  runTypeScript(file, args)
}
