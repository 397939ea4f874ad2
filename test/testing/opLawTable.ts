import { type Arbitrary, oneof, tuple } from 'fast-check';
import * as t from '../../src/portable.ts';
import { broadcastablePairs, type NumberOptions, shapes, tensors } from '../../src/testing/arbitraries.ts';
import type { TensorFunction } from '../../src/testing/evaluation.ts';
import { type OpLawOptions, opLaws } from '../../src/testing/opLaws.ts';
import { type OpName, opTable } from '../autograd/opTable.ts';
import type { batchLosses } from '../autograd/table/batchLosses.ts';
import type { classLosses } from '../autograd/table/classLosses.ts';
import type { distances } from '../autograd/table/distances.ts';
import type { losses } from '../autograd/table/losses.ts';
import { isEmpty } from '../autograd/table/row.ts';
import type { viewLosses } from '../autograd/table/viewLosses.ts';
import type { LawSubject } from './subjects.ts';

/*
 * The laws of ops, run by ops.test.ts and listed in docs/laws.md. Ops of any shape draw their shapes too; the others
 * draw new numbers for the cases of the table of ops.
 */

/** Every op but distances and losses, which have tables of their own: a missing row does not compile. */
type OpLawName = Exclude<
  OpName,
  | keyof typeof distances
  | keyof typeof losses
  | keyof typeof batchLosses
  | keyof typeof classLosses
  | keyof typeof viewLosses
>;

/** What numbers an input takes. */
interface Domain extends NumberOptions {
  /** Least distance from 0. Default 0. */
  readonly gap?: number;
  /** Whether neighbors are apart: where numbers are nearly equal, what divides by their deviation bends within a step. */
  readonly spread?: boolean;
  /** What 'no NaN anywhere' mixes in. Default EXTREMES. */
  readonly extremes?: readonly number[];
}

/** Zeros of both signs, ties, what vanishes when squared, and what is finite when squared. */
const EXTREMES = [0, -0, 1, 1e-30, -1e-30, 1e18, -1e18];

/** Off the grid of the arbitraries, whose products float32 may hold without rounding. */
const OFF = 1.0471976;
const draw = (
  shape: t.Shape | Arbitrary<t.Shape>,
  { gap = 0, spread = false, extremes: _, ...numbers }: Domain,
): Arbitrary<t.Tensor> =>
  tensors({ shape, ...numbers }).map((x) =>
    t.tensor(
      x.data.map((v, i) => OFF * v + (v < 0 ? -gap : gap) + (spread ? ((7 * i) % 5) - 2 : 0)),
      x.shape,
    ),
  );
/** The gap is for numbers of the grid: extremes are as they are given. */
const drawExtremes = (shape: t.Shape | Arbitrary<t.Shape>, domain: Domain): Arbitrary<t.Tensor> => {
  const { gap = 0, spread: _, extremes = EXTREMES, ...numbers } = domain;
  return tensors({ shape, ...numbers, special: extremes }).map((x) =>
    t.tensor(
      x.data.map((v) => (extremes.includes(v) || Math.abs(v) > 1e3 ? v : v + (v < 0 ? -gap : gap))),
      x.shape,
    ),
  );
};

/** Few axes, or long ones, which have tails in every kernel. */
const anyShape: Arbitrary<t.Shape> = oneof(
  shapes({ minRank: 1, maxRank: 4, maxSide: 3 }),
  shapes({ minRank: 1, maxRank: 2, maxSide: 11 }),
);

/** An op of one tensor of any shape. */
const unary = (
  subject: string,
  fn: TensorFunction,
  domain: Domain = {},
  options: Partial<OpLawOptions> = {},
): LawSubject => ({
  subject,
  laws: opLaws(subject, fn, {
    inputs: tuple(draw(anyShape, domain)),
    extremes: tuple(drawExtremes(anyShape, domain)),
    batched: [0],
    ...options,
  }),
});

type Binary = (a: t.Operand, b: t.Operand) => t.Tensor;

/** An op of two tensors that broadcast, of two of one shape, and of one and a number. */
const binary = (
  name: string,
  fn: Binary,
  domains: readonly [Domain, Domain] = [{}, {}],
  options: Partial<OpLawOptions> = {},
): LawSubject[] => {
  const both = (draws: typeof draw) => {
    const sides = (a: t.Shape, b: t.Shape) => tuple(draws(a, domains[0]), draws(b, domains[1]));
    const shape = broadcastablePairs({ maxRank: 3, maxSide: 3, min: 0, max: 0 });
    return { broadcast: shape.chain(({ a, b }) => sides(a.shape, b.shape)), same: anyShape.chain((s) => sides(s, s)) };
  };
  const [usual, extreme] = [both(draw), both(drawExtremes)];
  return [
    {
      subject: `${name}, broadcast`,
      laws: opLaws(`${name}, broadcast`, (a, b) => fn(a, b), {
        inputs: usual.broadcast,
        extremes: extreme.broadcast,
        broadcasts: true,
        ...options,
      }),
    },
    {
      subject: `${name}, rows`,
      laws: opLaws(`${name}, rows`, (a, b) => fn(a, b), {
        inputs: usual.same,
        extremes: extreme.same,
        batched: [0, 1],
        ...options,
      }),
    },
    unary(`${name}, number on the right`, (x) => fn(x, 1.5), domains[0], options),
    unary(`${name}, number on the left`, (x) => fn(1.5, x), domains[1], options),
  ];
};

const comparison = (name: string, fn: Binary): LawSubject[] => binary(name, fn, [WHOLE, WHOLE], { derivatives: 0 });

interface CaseOptions {
  /** Of all inputs, or of each. */
  readonly domain?: Domain | readonly Domain[];
  /** The inputs that hold the batch, by case; those under '*' for the cases that are not named, [] where rows mix. */
  readonly rows?: Readonly<Record<string, readonly number[]>>;
  /** The laws that a case breaks, with the reason. */
  readonly except?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly derivatives?: OpLawOptions['derivatives'];
}

/** The cases of the table of ops, with new numbers. Those with an empty input have nothing to vary. */
const cases = (
  name: OpLawName,
  { domain = {}, rows = {}, except = {}, derivatives }: CaseOptions = {},
): LawSubject[] => {
  const { cases: all, noGradient } = opTable[name];
  const names = all.map((c) => c.name);
  for (const key of [...Object.keys(rows), ...Object.keys(except)])
    if (key !== '*' && !names.includes(key)) throw new RangeError(`${name} has no case '${key}'.`);
  return all
    .filter(({ inputs }) => inputs.length > 0 && inputs.every((x) => x.size > 0))
    .map((c) => {
      const domains: readonly Domain[] = Array.isArray(domain) ? domain : c.inputs.map(() => domain as Domain);
      const inputs = (draws: typeof draw): Arbitrary<t.Tensor[]> =>
        tuple(...c.inputs.map((x, i) => draws(x.shape, domains[i])));
      const broken = except[c.name];
      const subject = `${name}, ${c.name}`;
      return {
        subject,
        laws: opLaws(subject, c.fn, {
          inputs: inputs(draw),
          extremes: inputs(drawExtremes),
          batched: rows[c.name] ?? rows['*'],
          derivatives: derivatives ?? (noGradient !== undefined || isEmpty(c) ? 0 : 2),
        }),
        ...(broken === undefined ? {} : { except: broken }),
      };
    });
};

/** Every input numbers that are often equal. */
const WHOLE: Domain = { min: -2, max: 2, special: [-1, 0, -0, 1] };
const POSITIVE: Domain = { min: 0.125, max: 3, extremes: [1, 1e-30, 1e18] };
const NOT_ZERO: Domain = { min: -2, max: 2, gap: 0.25, extremes: [1e-15, -1e-15, 1e15, -1e15] };
/** Far from where float32 ends: x^2 and e^x overflow beyond. */
const EXPONENTS: Domain = { extremes: [0, -0, 1e-30, 85, -85] };
/** Also what has no square. */
const ANY: Domain = { extremes: [0, -0, 1, 1e-30, -1e-30, 1e30, -1e30] };
/** Neighbors differ by at least 0.16. */
const APART: Domain = { min: -0.4, max: 0.4, spread: true };
/** Products of several. */
const FACTORS: Domain = { extremes: [0, -0, 1, 1e-9, 1e9, -1e9] };

const FIRST: CaseOptions = { rows: { '*': [0] } };
const NONE: readonly number[] = [];

const OF_BATCH = { 'batch invariance': 'in training, batch normalization takes the statistics of the batch' };

const ints = (x: t.Tensor): t.IntTensor => t.intTensor(Int32Array.from(x.data), x.shape);

export const opSubjects: Record<OpLawName, readonly LawSubject[]> = {
  add: binary('add', t.add, [ANY, ANY]),
  sub: binary('sub', t.sub, [ANY, ANY]),
  mul: binary('mul', t.mul),
  div: binary('div', t.div, [{ extremes: [0, -0, 1e-5, 1e5] }, { ...NOT_ZERO, extremes: [1e-15, -1e-15, 1e15] }]),
  divOrZero: binary('divOrZero', t.divOrZero, [
    { extremes: [0, -0, 1e-5, 1e5] },
    { ...NOT_ZERO, extremes: [0, -0, 1e-15, 1e15] },
  ]),
  pow: [
    ...binary('pow', t.pow, [{ min: 0.25, max: 2, extremes: [1e-4, 1e4] }, { extremes: [0, -0, 1, 2] }]),
    ...[-2, -1, 0, 1, 2, 3, 5].map((n) =>
      unary(
        `pow, exponent ${n}`,
        (x) => t.pow(x, n),
        n < 0 ? { ...NOT_ZERO, extremes: [1e-10, 1e10] } : { extremes: [0, -0, 1e-6, 1e6] },
      ),
    ),
  ],
  maximum: binary('maximum', t.maximum, [ANY, ANY]),
  minimum: binary('minimum', t.minimum, [ANY, ANY]),
  equal: comparison('equal', t.equal),
  notEqual: comparison('notEqual', t.notEqual),
  less: comparison('less', t.less),
  lessEqual: comparison('lessEqual', t.lessEqual),
  greater: comparison('greater', t.greater),
  greaterEqual: comparison('greaterEqual', t.greaterEqual),
  where: cases('where', { rows: { 'one tensor on both sides': [0] } }),
  clamp: [
    unary('clamp', (x) => t.clamp(x, { min: -1, max: 1.5 }), ANY),
    unary('clamp, min', (x) => t.clamp(x, { min: 0 }), ANY),
  ],
  neg: [unary('neg', t.neg, ANY)],
  abs: [unary('abs', t.abs, ANY)],
  sign: [unary('sign', t.sign, ANY)],
  reciprocal: [unary('reciprocal', t.reciprocal, NOT_ZERO)],
  exp: [unary('exp', t.exp, EXPONENTS)],
  log: [unary('log', t.log, POSITIVE)],
  sqrt: [unary('sqrt', t.sqrt, POSITIVE)],
  square: [unary('square', t.square)],
  sin: [unary('sin', t.sin, ANY)],
  cos: [unary('cos', t.cos, ANY)],

  relu: [unary('relu', t.relu, ANY)],
  leakyRelu: [
    unary('leakyRelu', (x) => t.leakyRelu(x), ANY),
    unary('leakyRelu, slope', (x) => t.leakyRelu(x, { slope: 0.3 }), ANY),
  ],
  elu: [unary('elu', (x) => t.elu(x), ANY), unary('elu, alpha', (x) => t.elu(x, { alpha: 0.4 }), ANY)],
  selu: [unary('selu', t.selu, ANY)],
  sigmoid: [unary('sigmoid', t.sigmoid, ANY)],
  tanh: [unary('tanh', t.tanh, ANY)],
  softplus: [unary('softplus', t.softplus, ANY)],
  silu: [unary('silu', t.silu, ANY)],
  gelu: [unary('gelu', (x) => t.gelu(x), ANY), unary('gelu, tanh', (x) => t.gelu(x, { approximate: 'tanh' }), ANY)],
  hardSigmoid: [unary('hardSigmoid', t.hardSigmoid, { min: -5, max: 5, ...ANY })],
  hardSwish: [unary('hardSwish', t.hardSwish, { min: -5, max: 5, ...ANY })],

  sum: cases('sum', { domain: ANY, rows: { 'no axes': [0] } }),
  mean: cases('mean', { domain: ANY, rows: { axis: [0] } }),
  norm: cases('norm', { rows: { 'last axis': [0] } }),
  max: cases('max', { domain: ANY, rows: { 'no axes': [0] } }),
  min: cases('min', { domain: ANY, rows: { 'last axis, kept': [0], 'middle axis': [0] } }),
  argMax: cases('argMax', { domain: ANY, rows: { 'middle axis, kept': [0] } }),
  argMin: cases('argMin', { domain: ANY, rows: { 'last axis': [0] } }),
  topK: cases('topK', { domain: ANY, rows: { values: [0], 'values, smallest, middle axis': [0], indices: [0] } }),
  prod: cases('prod', { domain: { extremes: [0, -0, 1e-4, 1e4] }, rows: { 'seven numbers': [0], zeros: [0] } }),
  variance: cases('variance'),
  std: cases('std', { domain: APART }),
  cumSum: cases('cumSum', { domain: ANY, rows: { 'last axis': [0], 'middle axis': [0] } }),
  softmax: cases('softmax', { domain: ANY, rows: { 'middle axis': [0] } }),
  logSoftmax: cases('logSoftmax', { domain: ANY, rows: { 'last axis': [0], 'middle axis': [0] } }),
  logSumExp: cases('logSumExp', { domain: ANY, rows: { 'no axes': [0] } }),

  reshape: cases('reshape', { domain: ANY }),
  flatten: cases('flatten', { domain: ANY, ...FIRST }),
  squeeze: cases('squeeze', { domain: ANY, rows: { none: [0] } }),
  unsqueeze: cases('unsqueeze', { domain: ANY, rows: { inside: [0], 'from the end': [0], none: [0] } }),
  transpose: cases('transpose', { domain: ANY, rows: { 'from the end': [0] } }),
  flip: cases('flip', { domain: ANY, rows: { 'long rows': [0], none: [0] } }),
  expand: cases('expand', { domain: ANY }),
  sumTo: cases('sumTo', { domain: ANY }),
  repeat: cases('repeat', { domain: ANY, rows: { once: [0] } }),
  slice: cases('slice', { domain: ANY }),
  split: cases('split', { rows: { several: [0], 'a list': [0] } }),
  concat: cases('concat', { domain: ANY, rows: { 'long rows': [0, 1], 'one tensor twice': [0] } }),
  stack: cases('stack', { domain: ANY, rows: { 'axis 1': [0, 1], 'last axis': [0, 1] } }),
  pad: cases('pad', { domain: ANY, rows: { none: [0], 'long rows': [0] } }),

  take: cases('take', { domain: ANY, rows: { 'last axis': [0], 'middle axis': [0] } }),
  gather: cases('gather', { domain: ANY }),
  scatterAdd: cases('scatterAdd', { domain: ANY }),
  oneHot: [
    {
      subject: 'oneHot',
      laws: opLaws('oneHot', (x) => t.oneHot(ints(x), 4), {
        inputs: tuple(anyShape.chain((shape) => tensors({ shape, min: 0, max: 0, special: [0, 1, 2, 3] }))),
        batched: [0],
        derivatives: 0,
      }),
    },
  ],

  matmul: cases('matmul', {
    rows: {
      small: [0],
      'packed, ragged': [0],
      'matrix and vector': [0],
      'vector and batch': [1],
      'batch and matrix': [0],
      'broadcast batches': [0],
    },
  }),
  outer: cases('outer', { rows: { vectors: [0] } }),
  einsum: cases('einsum', {
    domain: FACTORS,
    rows: {
      'matrix product': [0],
      'batch, transposed': [0, 1],
      'two letters summed': [0],
      elementwise: [0, 1],
      'rows with rows': [0, 1],
      'a matrix with each of a batch': [0, 1],
      'letters of one operand summed': [1],
      ellipsis: [0, 1],
      'length 1 is repeated': [0],
    },
  }),
  linear: cases('linear', { rows: { 'with bias': [0], 'without, on a sequence': [0] } }),
  attention: cases('attention', {
    domain: { extremes: [0, -0, 1, 1e-30, 1e9, -1e9] },
    rows: {
      'a batch, more keys than queries': [0, 1, 2],
      'with a bias of all items': [0, 1, 2],
      'with a bias of each head': [0, 1, 2],
      'shared keys and values': [0],
    },
  }),

  conv1d: cases('conv1d', FIRST),
  conv2d: cases('conv2d', FIRST),
  convTranspose2d: cases('convTranspose2d', FIRST),
  crossCorrelation2d: cases('crossCorrelation2d', { rows: { '*': [0, 1] } }),
  maxPool2d: cases('maxPool2d', { domain: ANY, ...FIRST }),
  avgPool2d: cases('avgPool2d', { domain: ANY, ...FIRST }),
  adaptiveAvgPool2d: cases('adaptiveAvgPool2d', { domain: ANY, ...FIRST }),
  globalAvgPool2d: cases('globalAvgPool2d', { domain: ANY, ...FIRST }),
  upsample2d: cases('upsample2d', { domain: ANY, ...FIRST }),

  batchNorm: cases('batchNorm', {
    domain: APART,
    ...FIRST,
    except: {
      'training [5,3]': OF_BATCH,
      'training [3,2,2,3]': OF_BATCH,
      'no affine': OF_BATCH,
      'bias only': OF_BATCH,
    },
  }),
  layerNorm: cases('layerNorm', { domain: APART, rows: { '*': [0], 'axes 2 and 0': NONE } }),
  rmsNorm: cases('rmsNorm', { domain: APART, rows: { '*': [0], 'axis 0': NONE } }),
  groupNorm: cases('groupNorm', { domain: APART, ...FIRST }),
  instanceNorm: cases('instanceNorm', { domain: APART, ...FIRST }),
  dropout: cases('dropout', { domain: ANY, rows: { inference: [0], 'p = 0': [0] } }),
  normalize: cases('normalize', { domain: APART, rows: { '*': [0], 'axis 0': NONE } }),
};
