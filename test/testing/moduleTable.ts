import type { Arbitrary } from 'fast-check';
import * as t from '../../src/portable.ts';
import { tensors } from '../../src/testing/arbitraries.ts';
import { type ModuleLawOptions, moduleLaws } from '../../src/testing/moduleLaws.ts';
import type { LayerName } from '../nn/layerTable.ts';
import type { LawSubject } from './subjects.ts';

/* The laws of layers, run by modules.test.ts and listed in docs/laws.md. A missing layer does not compile. */

const random = t.createRandom(11).fork('modules');

/** Weights and statistics that are not those of the start, so that none is 0 or 1. */
function used<M extends t.Module>(layer: M): M {
  for (const [name, x] of t.stateDict(layer))
    x.data.set(x.data.map(() => (name.endsWith('running_var') ? 0.5 + random.uniform() : 0.7 * random.normal())));
  return layer;
}

/** Numbers of a batch, and at edges: zeros, ties, what vanishes when squared, and what is finite when squared. */
const batch = (...shape: number[]): Pick<ModuleLawOptions, 'input' | 'extremes'> => ({
  input: tensors({ shape }),
  extremes: tensors({ shape, special: [0, -0, 1, 1e-30, 1e15, -1e15] }),
});

const layer = (
  subject: string,
  module: t.Module,
  options: Partial<ModuleLawOptions> & Pick<ModuleLawOptions, 'input'>,
  except: Readonly<Record<string, string>> = {},
): LawSubject => ({ subject, laws: moduleLaws(subject, used(module), options), except });

/** A layer in inference and in training. */
const both = (
  subject: string,
  make: () => t.Module,
  options: Pick<ModuleLawOptions, 'input' | 'extremes'>,
  except = {},
): LawSubject[] => [
  layer(subject, make(), options),
  layer(`${subject} in training`, make(), { ...options, training: true }, except),
];

const STATISTICS = { purity: 'in training, batch normalization updates its running statistics' };
const ids = (rows: number, columns: number, count: number): Arbitrary<t.IntTensor> =>
  tensors({ shape: [rows, columns], min: 0, max: 0, special: Array.from({ length: count }, (_, i) => i) }).map((x) =>
    t.intTensor(Int32Array.from(x.data), x.shape),
  );
const small = (...shape: number[]): Pick<ModuleLawOptions, 'input' | 'extremes'> => ({
  input: tensors({ shape, min: -2, max: 2 }),
  extremes: tensors({ shape, special: [0, -0, 1, 1e-30, 1e9, -1e9] }),
});

export const moduleSubjects: Record<LayerName | 'Sequential' | 'projectionHead' | 'Twin', readonly LawSubject[]> = {
  Linear: [
    layer('Linear', new t.Linear(4, 5, { random }), batch(5, 4)),
    layer('Linear, wide', new t.Linear(9, 17, { random, bias: false }), batch(3, 2, 9)),
  ],
  Conv1d: [
    layer('Conv1d', new t.Conv1d(4, 2, 3, { random, stride: 2, padding: 1, dilation: 2, groups: 2 }), batch(3, 4, 7)),
  ],
  Conv2d: [
    layer('Conv2d', new t.Conv2d(2, 3, 3, { random, padding: 1 }), batch(3, 2, 4, 5)),
    layer(
      'Conv2d, strided, grouped',
      new t.Conv2d(4, 2, [3, 2], { random, bias: false, stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 2 }),
      batch(2, 4, 5, 4),
    ),
    layer('Conv2d, depthwise', new t.Conv2d(3, 3, 3, { random, groups: 3 }), batch(2, 3, 5, 6)),
  ],
  ConvTranspose2d: [
    layer('ConvTranspose2d', new t.ConvTranspose2d(2, 3, 2, { random, stride: 2 }), batch(3, 2, 2, 3)),
    layer(
      'ConvTranspose2d, grouped',
      new t.ConvTranspose2d(4, 2, [3, 2], {
        random,
        stride: [2, 1],
        padding: [1, 0],
        outputPadding: [1, 1],
        dilation: [1, 2],
        groups: 2,
      }),
      batch(2, 4, 3, 2),
    ),
  ],
  MaxPool2d: [layer('MaxPool2d', new t.MaxPool2d([3, 2], { stride: [2, 1], padding: [1, 1] }), batch(2, 2, 5, 4))],
  AvgPool2d: [
    layer(
      'AvgPool2d',
      new t.AvgPool2d([3, 2], { stride: [2, 1], padding: [1, 1], countIncludePad: false }),
      batch(2, 2, 5, 4),
    ),
  ],
  AdaptiveAvgPool2d: [layer('AdaptiveAvgPool2d', new t.AdaptiveAvgPool2d([2, 3]), batch(2, 2, 5, 4))],
  Flatten: [layer('Flatten', new t.Flatten(), batch(3, 3, 2))],
  Dropout: both('Dropout', () => new t.Dropout(0.4), batch(4, 5)),
  BatchNorm1d: both('BatchNorm1d', () => new t.BatchNorm1d(3), batch(6, 3), STATISTICS),
  BatchNorm2d: both('BatchNorm2d', () => new t.BatchNorm2d(2), batch(3, 2, 2, 3), STATISTICS),
  LayerNorm: [layer('LayerNorm', new t.LayerNorm([2, 3]), batch(4, 2, 3))],
  RMSNorm: [layer('RMSNorm', new t.RMSNorm(5), batch(4, 5))],
  GroupNorm: [layer('GroupNorm', new t.GroupNorm(2, 4), batch(3, 4, 2, 3))],
  InstanceNorm2d: [layer('InstanceNorm2d', new t.InstanceNorm2d(2, { affine: true }), batch(3, 2, 2, 3))],
  ArcFaceLoss: [layer('ArcFaceLoss', new t.ArcFaceLoss(4, 3, { random }), batch(5, 4))],
  CosFaceLoss: [layer('CosFaceLoss', new t.CosFaceLoss(4, 3, { random }), batch(5, 4))],
  ProxyNcaLoss: [layer('ProxyNcaLoss', new t.ProxyNcaLoss(4, 3, { random, scale: 3 }), batch(5, 4))],
  ProxyAnchorLoss: [layer('ProxyAnchorLoss', new t.ProxyAnchorLoss(4, 3, { random }), batch(5, 4))],
  Embedding: [layer('Embedding', new t.Embedding(6, 3, { random }), { input: ids(3, 4, 6) })],
  MultiHeadAttention: both(
    'MultiHeadAttention',
    () => new t.MultiHeadAttention(4, 2, { random, dropout: 0.3 }),
    small(3, 3, 4),
  ),
  TransformerEncoderLayer: both(
    'TransformerEncoderLayer',
    () => new t.TransformerEncoderLayer(4, 2, { random, feedForward: 5, dropout: 0.3 }),
    small(2, 3, 4),
  ),
  GRU: [
    layer('GRU', new t.GRU(3, 2, { random }), small(3, 4, 3)),
    layer(
      'GRU, two layers, both ways, last',
      new t.GRU(2, 3, { random, layers: 2, bidirectional: true, returns: 'last' }),
      small(2, 3, 2),
    ),
  ],
  LSTM: [
    layer('LSTM', new t.LSTM(3, 2, { random }), small(3, 4, 3)),
    layer(
      'LSTM, two layers, both ways, last',
      new t.LSTM(2, 3, { random, layers: 2, bidirectional: true, returns: 'last' }),
      small(2, 3, 2),
    ),
  ],
  KochHead: [layer('KochHead', new t.KochHead(4, { random }), batch(3, 4))],
  MahalanobisHead: [layer('MahalanobisHead', new t.MahalanobisHead(4, { rank: 2 }), batch(3, 4))],
  Sequential: [
    layer(
      'Sequential',
      new t.Sequential(
        new t.Conv2d(1, 2, 3, { random, padding: 1 }),
        t.relu,
        new t.MaxPool2d(2),
        new t.Flatten(),
        new t.Linear(8, 3, { random }),
      ),
      batch(3, 1, 4, 4),
    ),
    layer(
      'Sequential, of words',
      new t.Sequential(new t.Embedding(6, 3, { random }), new t.Flatten(), new t.LayerNorm(6)),
      { input: ids(3, 2, 6) },
    ),
  ],
  projectionHead: both(
    'projectionHead',
    () => t.projectionHead([3, 4, 2], { random, lastBatchNorm: true }),
    batch(6, 3),
    STATISTICS,
  ),
  Twin: [
    layer(
      'Twin',
      new t.Twin(new t.Sequential(new t.Flatten(), new t.Linear(6, 4, { random }), t.tanh), {
        compare: t.cosineDistance,
      }),
      batch(4, 2, 3),
    ),
  ],
};
