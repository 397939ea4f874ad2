import { markdown } from '../table.ts';

/** What the figures of a page depend on. */
interface Setting {
  readonly pairs: number;
  readonly steps: number;
  readonly seeds: readonly number[];
  readonly machine: string;
}

/** The page bench/TUNING.md, of a row for each setting of each loss. */
export function formatTuning(rows: readonly string[][], { pairs, steps, seeds, machine }: Setting): string {
  const head = ['loss', 'data', 'options', ...seeds.map((seed) => `seed ${seed}`), 'mean'];
  return `# Tuning

Written by \`npm run bench:tuning\`: the equal error rate of ${pairs} held-out MNIST pairs (half of them same) after ${steps} steps with each setting, the quick start's encoder with embeddings of length 1 (of \`nPairsLoss\` not scaled, and compared by cosine), Adam with learning rate 0.001, about 96 images a step (positive pairs: 10 pairs, one a digit). Losses of two views are computed on a head of two layers. The best of each loss is bold. It ranks settings on this data, not losses: some see labels, some none, and none has been trained to its end.

${markdown([head, ...rows])}

${machine}.
`;
}

/** The rows of a page, cell by cell: what is put back where other losses are tried again. */
export function rowsOfPage(page: string): string[][] {
  return [...page.matchAll(/^\| (`.*) \|$/gm)].map(([, cells]) => cells.split(' | '));
}
