import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'scripts/**/*.test.ts', 'migrations/**/*.test.ts'],
    globalSetup: ['scripts/vitest-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
