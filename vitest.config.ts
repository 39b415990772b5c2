import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'scripts/**/*.test.ts', 'migrations/**/*.test.ts'],
    // As many workers as cores leave cores idle while tests wait for the programs they started.
    maxWorkers: Math.max(2, Math.ceil(availableParallelism() * 1.5)),
    globalSetup: ['scripts/vitest-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
