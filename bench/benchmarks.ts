import type { ArraySpec, ArraySpecs } from './arrays.ts';

/** What a library must be able to do; its worker has a function of this name, or cannot. */
export type Kind =
  | 'matmul'
  | 'convForward'
  | 'convGradients'
  | 'depthwiseGradients'
  | 'referenceStep'
  | 'convHeavyStep'
  | 'gruStep'
  | 'transformerStep'
  | 'embed'
  | 'pairwise'
  | 'add'
  | 'chain';

/** One row of the table: the same numbers and the same question for every library. */
export interface Benchmark {
  readonly id: string;
  readonly kind: Kind;
  /** What one run does, in words. */
  readonly title: string;
  readonly arrays: ArraySpecs;
  /** Floating-point operations of one run, where that says something. */
  readonly flops?: number;
  /** By how much checksums may differ, relative to the larger. */
  readonly tolerance: number;
}

const PRODUCT_SIZES = [8, 16, 32, 64, 128, 256, 512, 1024];
const EMBED_BATCHES = [1, 64, 256];
const DISTANCE_ROWS = [64, 256, 1024];
const EMBEDDING = 64;
/** Operations in one chain of `op-chain`. */
export const CHAIN = 64;

/** Adam's. Small enough not to learn the one batch by heart, large enough to show in the loss of the second step. */
export const LEARNING_RATE = 2e-5;

/** Single precision, in any order of adding. */
const ROUNDING = 1e-4;
/** A step goes through maxima, hinges and roots, and the checksum is the loss after one update by Adam. */
const STEP = 5e-4;

/** Two operations a weight and place, for 128 images forward, and twice that again for the gradients. */
const REFERENCE_FLOPS = 3 * 128 * 2 * (28 * 28 * 16 * 25 + 14 * 14 * 32 * 144 + 1568 * 128 + 128 * 64);
const HEAVY_FLOPS = 3 * 128 * 2 * 64 * 9 * (28 * 28 + (14 * 14 + 7 * 7 + 3 * 3) * 64);

export const benchmarks: readonly Benchmark[] = [
  {
    id: 'reference-step',
    kind: 'referenceStep',
    title:
      'one training step of 64 pairs of 28 x 28 images: twin encoder conv 5x5 1->16, relu, maxpool 2, conv 3x3 16->32, relu, maxpool 2, dense 1568->128, relu, dense 128->64; Euclidean distance, contrastive loss, backward, Adam',
    arrays: number({ a: uniform([64, 1, 28, 28]), b: uniform([64, 1, 28, 28]), ...encoderWeights() }),
    flops: REFERENCE_FLOPS,
    tolerance: STEP,
  },
  {
    id: 'conv-heavy-step',
    kind: 'convHeavyStep',
    title:
      'one training step of 128 images 1 x 28 x 28 of 16 classes: four blocks of conv 3x3 to 64 channels, batch norm, relu, maxpool 2; batch-hard triplet loss of margin 1, backward, Adam',
    arrays: number({ x: uniform([128, 1, 28, 28]), ...heavyWeights() }),
    flops: HEAVY_FLOPS,
    tolerance: STEP,
  },
  {
    id: 'gru-step',
    kind: 'gruStep',
    title:
      'one training step of a GRU of 128 units on 32 sequences of 50 steps of 64 numbers: mean square of the last state, backward, Adam',
    arrays: number({ x: uniform([32, 50, 64]), ...gruWeights() }),
    flops: 3 * 2 * 32 * 50 * 384 * (64 + 128),
    tolerance: STEP,
  },
  {
    id: 'transformer-step',
    kind: 'transformerStep',
    title:
      'one training step of a transformer layer of width 64, 4 heads, 256 units and gelu on 32 sequences of 64 positions: mean square of the output, backward, Adam',
    arrays: number({ x: uniform([32, 64, 64]), ...transformerWeights() }),
    flops: 3 * 2 * 32 * 64 * (64 * 256 + 2 * 64 * 64 + 2 * 64 * 256),
    tolerance: STEP,
  },
  ...PRODUCT_SIZES.map(
    (n): Benchmark => ({
      id: `matmul-${n}`,
      kind: 'matmul',
      title: `product of two ${n} x ${n} matrices`,
      arrays: number({ a: uniform([n, n]), b: uniform([n, n]) }),
      flops: 2 * n ** 3,
      tolerance: ROUNDING,
    }),
  ),
  convolution('conv-forward', 'convForward', 1, 'convolution 3x3 of 32 images [16, 28, 28] to 32 channels'),
  convolution('conv-gradients', 'convGradients', 3, 'the same convolution, and both gradients of its mean'),
  {
    id: 'depthwise-gradients',
    kind: 'depthwiseGradients',
    title: 'depthwise convolution 3x3 of 32 images [32, 28, 28], and both gradients of its mean',
    arrays: number({ x: uniform([32, 32, 28, 28]), weight: uniform([32, 1, 3, 3]) }),
    flops: 3 * 2 * 32 * 32 * 28 * 28 * 9,
    tolerance: ROUNDING,
  },
  ...EMBED_BATCHES.map(
    (n): Benchmark => ({
      id: `embed-${n}`,
      kind: 'embed',
      title: `embeddings of ${n} image${n === 1 ? '' : 's'} by the encoder of reference-step`,
      arrays: number({ x: uniform([n, 1, 28, 28]), ...encoderWeights() }),
      flops: (REFERENCE_FLOPS * n) / 384,
      tolerance: ROUNDING,
    }),
  ),
  ...DISTANCE_ROWS.map(
    (n): Benchmark => ({
      id: `pairwise-${n}`,
      kind: 'pairwise',
      title: `Euclidean distances of all pairs of rows of two [${n}, ${EMBEDDING}]`,
      arrays: number({ a: uniform([n, EMBEDDING]), b: uniform([n, EMBEDDING]) }),
      flops: 3 * n * n * EMBEDDING,
      tolerance: ROUNDING,
    }),
  ),
  {
    id: 'one-element-add',
    kind: 'add',
    title: 'sum of two tensors of one element: what an op costs by itself',
    arrays: number({ a: uniform([1]), b: uniform([1]) }),
    tolerance: ROUNDING,
  },
  {
    id: 'op-chain',
    kind: 'chain',
    title: `${CHAIN} additions of one-element tensors one after the other, recorded, and their gradient`,
    arrays: number({ a: uniform([1]), b: uniform([1]) }),
    tolerance: ROUNDING,
  },
];

/** The different pairs of `reference-step`: every second one. */
export function differentFlags(pairs: number): number[] {
  return Array.from({ length: pairs }, (_, i) => i % 2);
}

/** The classes of `conv-heavy-step`: eight images of each, one class after the other. */
export function classLabels(images: number): number[] {
  return Array.from({ length: images }, (_, i) => Math.floor(i / 8));
}

type Unnumbered = Omit<ArraySpec, 'seed'>;

/** Gives every array a seed by its place, so that no two hold the same numbers. */
function number(specs: Readonly<Record<string, Unnumbered>>): ArraySpecs {
  return Object.fromEntries(Object.entries(specs).map(([name, spec], i) => [name, { ...spec, seed: i + 1 }]));
}

function uniform(shape: readonly number[], bound = 1): Unnumbered {
  return { shape, bound };
}

function convolution(id: string, kind: Kind, passes: number, title: string): Benchmark {
  return {
    id,
    kind,
    title,
    arrays: number({ x: uniform([32, 16, 28, 28]), weight: uniform([32, 16, 3, 3]) }),
    flops: passes * 2 * 32 * 32 * 28 * 28 * 16 * 9,
    tolerance: ROUNDING,
  };
}

/** Weight and bias of one layer, named as in a state dict, within 1 / sqrt(fan-in) as the layers themselves start. */
function layer(position: number, shape: readonly number[]): Readonly<Record<string, Unnumbered>> {
  const bound = 1 / Math.sqrt(shape.slice(1).reduce((size, axis) => size * axis, 1));
  return { [`${position}.weight`]: uniform(shape, bound), [`${position}.bias`]: uniform([shape[0]], bound) };
}

function encoderWeights(): Readonly<Record<string, Unnumbered>> {
  return {
    ...layer(0, [16, 1, 5, 5]),
    ...layer(3, [32, 16, 3, 3]),
    ...layer(7, [128, 1568]),
    ...layer(9, [64, 128]),
  };
}

function heavyWeights(): Readonly<Record<string, Unnumbered>> {
  return {
    ...layer(0, [64, 1, 3, 3]),
    ...layer(4, [64, 64, 3, 3]),
    ...layer(8, [64, 64, 3, 3]),
    ...layer(12, [64, 64, 3, 3]),
  };
}

function gruWeights(): Readonly<Record<string, Unnumbered>> {
  const bound = 1 / Math.sqrt(128);
  return {
    weight_ih_l0: uniform([384, 64], bound),
    weight_hh_l0: uniform([384, 128], bound),
    bias_ih_l0: uniform([384], bound),
    bias_hh_l0: uniform([384], bound),
  };
}

/** Layer normalization keeps its ones and zeros. */
function transformerWeights(): Readonly<Record<string, Unnumbered>> {
  return {
    'self_attn.in_proj_weight': uniform([192, 64], 1 / 8),
    'self_attn.out_proj.weight': uniform([64, 64], 1 / 8),
    'linear1.weight': uniform([256, 64], 1 / 8),
    'linear2.weight': uniform([64, 256], 1 / 16),
    'self_attn.in_proj_bias': uniform([192], 1 / 8),
    'self_attn.out_proj.bias': uniform([64], 1 / 8),
    'linear1.bias': uniform([256], 1 / 8),
    'linear2.bias': uniform([64], 1 / 16),
  };
}
