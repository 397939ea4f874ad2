import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Numeric tests keep a core busy each; more workers than cores only slow each other down.
    maxWorkers: 2,
    pool: 'threads',
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
