/** Runs the built program as an operator does: a process of its own, in a folder of its own, with a home of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, onTestFinished } from 'vitest'
import { haier } from '../adapters/haier/index.ts'
import { initProject } from '../app/init.ts'
import { systemClock } from '../core/clock.ts'
import { startTwin, type TwinServer } from '../http/twin-server.ts'
import { addHaier } from './app.ts'
import { compileCache } from './compile-cache.ts'
import { temporaryFolder } from './state.ts'
import { untilThere } from './until.ts'

export type Ended = { code: number | null; out: string; err: string }

export type Started = {
  process: ChildProcess
  ended: Promise<Ended>
  /** What it has printed so far. */
  soFar(): { out: string; err: string }
  /** Resolves when stdout or stderr holds the text; rejects when the program ends before. */
  prints(text: string): Promise<void>
}

export type RunOptions = {
  cwd: string
  env?: Record<string, string | undefined>
  stdin?: string
  /** Words in front of the program, such as `prlimit`. */
  through?: readonly string[]
  /** Another Node than this one. */
  node?: string
  /** Another build than that of all tests: path of its program. */
  program?: string
}

export type Project = {
  folder: string
  /** Path of something in the folder. */
  file(name: string): string
  read(name: string): string
  run(words: string | readonly string[], options?: Partial<RunOptions>): Promise<Ended>
  start(words: string | readonly string[], options?: Partial<RunOptions>): Started
  /** Runs it, expects exit code 0 and reads stdout as the one JSON object that it must be. */
  json<T = Record<string, unknown>>(words: string): Promise<T>
  write(name: string, text: string): void
  /** Every byte the program has left in the folder, its home and its cache, as text. */
  everything(): string
}

/** Path of the program. */
export function programPath(): string {
  const program = inject('program')
  if ('fault' in program) throw new Error(`the program cannot be built: ${program.fault}`)
  return program.path
}

/** Runs the program to its end. Words are split at blanks; an array is taken as it is. */
export const runProgram = (
  words: string | readonly string[],
  options: RunOptions,
): Promise<Ended> => startProgram(words, options).ended

export function startProgram(words: string | readonly string[], options: RunOptions): Started {
  const list = typeof words === 'string' ? words.split(' ').filter(Boolean) : words
  const node = options.node ?? process.execPath
  const [command = node, ...rest] = [
    ...(options.through ?? []),
    node,
    options.program ?? programPath(),
    ...list,
  ]
  const child = spawn(command, rest, {
    cwd: options.cwd,
    env: definedOnly({ ...cleanEnv(options.cwd), ...options.env }),
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  child.stdin.on('error', () => undefined) // it may end without having read what it is given
  child.stdin.end(options.stdin ?? '')
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    process: child,
    ended,
    soFar: () => ({ out, err }),
    prints: (text) =>
      untilThere(() => out.includes(text) || err.includes(text), {
        streams: [child.stdout, child.stderr],
        ended,
        tell: () => `ended without "${text}": ${out}${err}`,
      }),
  }
}

/** A folder with a config file, a key and an empty state. */
export async function project(): Promise<Project> {
  const made = emptyProject()
  // In this process, as is `add` below: both have tests of their own, and a process costs more than they do.
  await initProject(made.folder, { env: {}, clock: systemClock })
  return made
}

/** The same before `init`. */
export function emptyProject(): Project {
  const folder = join(temporaryFolder(), 'project')
  mkdirSync(folder, { mode: 0o700 })
  const start: Project['start'] = (words, options) =>
    startProgram(words, { cwd: folder, ...options })
  const run: Project['run'] = (words, options) => start(words, options).ended
  return {
    folder,
    start,
    run,
    file: (name) => join(folder, name),
    read: (name) => readFileSync(join(folder, name), 'utf8'),
    write: (name, text) => writeFileSync(join(folder, name), text),
    async json<T>(words: string) {
      const { code, out, err } = await run(`${words} --json`)
      expect({ code, err }).toMatchObject({ code: 0 })
      return JSON.parse(out) as T
    },
    everything: () => bytesUnder(join(folder, '..')),
  }
}

/** A project with a haier service that points at a twin in this process. */
export async function haierProject(
  twinOptions: Record<string, unknown> = {},
): Promise<Project & { twin: TwinServer }> {
  const twin = await haierTwin(twinOptions)
  const made = await project()
  made.write('answers.json', JSON.stringify(twin.config))
  await addHaier(made.folder, twin.config)
  return { ...made, twin }
}

/** A small catalogue, so that a whole sync takes a blink. */
export async function haierTwin(options: Record<string, unknown> = {}): Promise<TwinServer> {
  const twin = await startTwin(haier.twin, { products: 30, ...options })
  onTestFinished(twin.close)
  return twin
}

/** Nothing of the machine the test runs on: no key, no config, no home, no proxy, no terminal. */
export const cleanEnv = (cwd: string): Record<string, string | undefined> => ({
  PATH: process.env.PATH,
  HOME: join(cwd, '../home'),
  XDG_CACHE_HOME: join(cwd, '../cache'),
  NODE_COMPILE_CACHE: compileCache(),
  USER: 'tester',
  TZ: 'UTC',
  LANG: 'C.UTF-8',
})

export const definedOnly = (env: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )

const bytesUnder = (folder: string): string =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    // Compiled code of the program holds what the program holds, such as a twin's made-up secrets.
    .filter((entry) => entry.isFile() && !/\/cache\/caravan\/v/.test(entry.parentPath))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n')
