/**
 * Builds the program once for the tests that run it as an operator does. In a folder of its own, so that a test never
 * runs an old bundle and never takes away the one that is in use.
 */
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { TestProject } from 'vitest/node'
import { messageOf } from '../src/core/errors.ts'
import { build } from './build.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the built program, or why there is none. */
    program: { path: string } | { fault: string }
  }
}

const root = resolve(import.meta.dirname, '..')

/** A build that fails is told by the tests that need it, and by no others. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Inside node_modules, so that the bundle finds the packages it does not hold.
  const cache = join(root, 'node_modules/.cache')
  await mkdir(cache, { recursive: true })
  const home = await mkdtemp(join(cache, 'caravan-test-'))
  try {
    await cp(join(root, 'bin'), join(home, 'bin'), { recursive: true })
    await cp(join(root, 'package.json'), join(home, 'package.json'))
    await build(join(home, 'dist'))
    project.provide('program', { path: join(home, 'bin/caravan.js') })
  } catch (error) {
    project.provide('program', { fault: messageOf(error) })
  }
  return () => rm(home, { recursive: true, force: true, maxRetries: 5 })
}
