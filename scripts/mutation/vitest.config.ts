import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Quickest file first, by its last time: a mutant is done with at the first test that fails. */
class QuickestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const slowestFirst = await super.sort(files);
    return slowestFirst.reverse();
  }
}

/** Tests that start programs, need other files, or whose training of a large network takes minutes while runs are counted. */
const TOO_LONG = ['siamese/kill', 'siamese/trainScope', 'tensor/simd', 'references/transfer'];

/** The tests of the rooms that are mutated, from sources: none that builds or packs. */
export default defineConfig({
  cacheDir: 'out/vite',
  test: {
    include: ['test/{autograd,losses,siamese,tensor,references}/**/*.test.ts'],
    exclude: TOO_LONG.map((name) => `test/${name}.test.ts`),
    setupFiles: ['scripts/mutation/hits.ts'],
    pool: 'threads',
    sequence: { sequencer: QuickestFirst },
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
