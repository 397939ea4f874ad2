import { add, mul, neg } from '../autograd/ops/arithmetic.ts';
import { sum } from '../autograd/ops/reductions.ts';
import { choose } from '../autograd/ops/selection.ts';
import { logSoftmax } from '../autograd/ops/softmax.ts';
import { fused, isRecording, needsGradient, pullThrough, record } from '../autograd/tape.ts';
import { type Integers, IntTensor, toIntegers } from '../tensor/intTensor.ts';
import { exp, log } from '../tensor/math.ts';
import { allocate, allocateZeros } from '../tensor/precision.ts';
import { coordinatesOf, formatShape, type Shape, ShapeError, sameShape, sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type LossOptions, reduce } from './reduction.ts';

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions extends LossOptions {
  /** Share of the target that is spread evenly over all classes, in [0, 1]. Default 0. */
  readonly labelSmoothing?: number | undefined;
  /** Items of this class do not count: their loss and gradient are 0. Default -100. */
  readonly ignoreIndex?: number | undefined;
  /** What each class counts, C finite numbers of at least 0. A constant: no gradient flows into it. Default 1. */
  readonly weight?: Tensor | Float32Array | readonly number[] | undefined;
}

/**
 * Cross-entropy of logits and classes: how surprising the right class is; finite for logits of any finite size.
 *
 * Shapes: logits `[N, C]`, classes N integers -> scalar (`[N]` with reduction 'none'); or logits `[N, C, ...S]`, classes
 * an IntTensor `[N, ...S]`, one class a position.
 * Formula: with `p = softmax(x)` over the classes, class y, weight w and smoothing e,
 * `-(1 - e) w[y] log(p[y]) - e / C sum_c w[c] log(p[c])`, as in PyTorch. The mean is divided by the sum of `w[y]` over
 * the items that count; where that is 0 it is 0, with a live graph (PyTorch: NaN).
 * Gradient: `g (t p - q)`, q being the targets above, `(1 - e) w[y]` at y and `e / C w` everywhere, t their sum.
 * A row of -Infinity alone gives NaN.
 * Source: label smoothing, Szegedy et al. 2016, section 7.
 * Throws: ShapeError for classes or weights that do not fit the logits; TypeError for a float Tensor of classes;
 * RangeError for a class outside `0 .. C - 1`, with its position, and for options out of range.
 *
 * @example crossEntropy(tensor([[0, 0], [0, 1000]]), [0, 1]).item() // 0.3465736
 */
export function crossEntropy(
  logits: Tensor,
  classes: Integers,
  { labelSmoothing = 0, ignoreIndex = -100, weight, reduction = 'mean' }: CrossEntropyOptions = {},
): Tensor {
  if (logits.shape.length < 2) {
    throw new ShapeError(
      'crossEntropy',
      'logits must be [N, C] or [N, C, ...]',
      [logits.shape],
      'Pass one row of logits for each class index.',
    );
  }
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1))
    throw new RangeError(`crossEntropy: labelSmoothing must lie in [0, 1]; got ${labelSmoothing}.`);
  if (!Number.isInteger(ignoreIndex))
    throw new RangeError(`crossEntropy: ignoreIndex must be an integer; got ${ignoreIndex}.`);
  const targets = readClasses(logits.shape, classes, ignoreIndex);
  const weights = readWeights(logits.shape[1], weight);
  let counted = 0;
  for (const y of targets) if (y !== ignoreIndex) counted += weights === undefined ? 1 : weights[y];
  const losses = lossesOf(logits, { targets, weights, labelSmoothing, ignoreIndex });
  // Divided by Infinity what counts nothing is 0, with the gradient 0.
  return reduce('crossEntropy', losses, reduction, counted > 0 ? counted : Infinity);
}

/** What the logits are to say, checked. */
interface Wanted {
  readonly targets: Int32Array;
  readonly weights: ArrayLike<number> | undefined;
  readonly labelSmoothing: number;
  readonly ignoreIndex: number;
}

/** The loss of each item, and in the same pass its gradient where one will be asked for: exp is most of the time. */
function lossesOf(logits: Tensor, wanted: Wanted): Tensor {
  const { targets, weights, labelSmoothing, ignoreIndex } = wanted;
  const [count, classes, ...rest] = logits.shape;
  const inner = sizeOf(rest);
  const { data } = logits;
  const out = allocate([logits], [count, ...rest]);
  const slopes = isRecording() && needsGradient(logits) ? allocate([logits], logits.shape) : undefined;
  const spread = labelSmoothing / classes;
  for (let i = 0; i < out.length; i++) {
    const target = targets[i];
    const first = Math.floor(i / inner) * classes * inner + (i % inner);
    const end = first + classes * inner;
    if (target === ignoreIndex) {
      out[i] = 0;
      for (let o = first; slopes !== undefined && o < end; o += inner) slopes[o] = 0;
      continue;
    }
    let largest = -Infinity;
    for (let o = first; o < end; o += inner) largest = Math.max(largest, data[o]);
    let total = 0;
    for (let o = first; o < end; o += inner) {
      const e = exp(data[o] - largest);
      total += e;
      if (slopes !== undefined) slopes[o] = e;
    }
    const rise = log(total);
    const right = first + target * inner;
    const share = (1 - labelSmoothing) * (weights === undefined ? 1 : weights[target]);
    // A target of 0 takes nothing, also of a logit of -Infinity.
    let loss = share === 0 ? 0 : share * (rise + (largest - data[right]));
    let mass = share;
    for (let c = 0, o = first; spread > 0 && c < classes; c++, o += inner) {
      const part = weights === undefined ? spread : spread * weights[c];
      if (part === 0) continue;
      loss += part * (rise + (largest - data[o]));
      mass += part;
    }
    out[i] = loss;
    for (let c = 0, o = first; slopes !== undefined && c < classes; c++, o += inner) {
      const part = weights === undefined ? spread : spread * weights[c];
      slopes[o] = (mass * slopes[o]) / total - part - (c === target ? share : 0);
    }
  }
  const fast = (g: Tensor): Tensor => {
    const gx = allocate([g, logits], logits.shape);
    for (let i = 0; slopes !== undefined && i < g.size; i++) {
      const first = Math.floor(i / inner) * classes * inner + (i % inner);
      const end = first + classes * inner;
      for (let o = first; o < end; o += inner) gx[o] = g.data[i] * slopes[o];
    }
    return new Tensor(gx, logits.shape);
  };
  const composed = (x: Tensor) => {
    const counting = add(choose(ignoredItems(logits.shape, wanted), 0, x), deadItems(logits, wanted));
    return neg(sum(mul(shares(logits, wanted), logSoftmax(counting, { axis: 1 })), { axis: 1 }));
  };
  return record(
    'crossEntropy',
    out,
    [count, ...rest],
    [[logits, fused(fast, (g) => pullThrough(composed, [logits], 0, g))]],
  );
}

/** 1 for each item that does not count, whose logits may be anything; broadcasts to the logits. */
function ignoredItems([count, , ...rest]: Shape, { targets, ignoreIndex }: Wanted): Tensor {
  return new Tensor(
    Float32Array.from(targets, (target) => (target === ignoreIndex ? 1 : 0)),
    [count, 1, ...rest],
  );
}

/** NaN for each item that counts and has only logits of -Infinity, for which logSoftmax has a gradient; else 0. */
function deadItems({ data, shape: [count, classes, ...rest] }: Tensor, { targets, ignoreIndex }: Wanted): Tensor {
  const inner = sizeOf(rest);
  const dead = Float32Array.from(targets, (target, i) => {
    if (target === ignoreIndex) return 0;
    const first = Math.floor(i / inner) * classes * inner + (i % inner);
    for (let o = first, end = first + classes * inner; o < end; o += inner) if (data[o] !== -Infinity) return 0;
    return NaN;
  });
  return new Tensor(dead, [count, 1, ...rest]);
}

/** What each class is to have: the weighted, smoothed targets, of the shape of the logits. */
function shares(logits: Tensor, { targets, weights, labelSmoothing, ignoreIndex }: Wanted): Tensor {
  const [, classes, ...rest] = logits.shape;
  const inner = sizeOf(rest);
  const data = allocateZeros([logits], logits.shape);
  targets.forEach((target, i) => {
    if (target === ignoreIndex) return;
    const first = Math.floor(i / inner) * classes * inner + (i % inner);
    for (let c = 0, o = first; c < classes; c++, o += inner) {
      const share = labelSmoothing / classes;
      data[o] = weights === undefined ? share : share * weights[c];
    }
    data[first + target * inner] += (1 - labelSmoothing) * (weights === undefined ? 1 : weights[target]);
  });
  return new Tensor(data, logits.shape);
}

function readClasses([count, width, ...rest]: Shape, classes: Integers, ignoreIndex: number): Int32Array {
  const shape = [count, ...rest];
  const given = classes instanceof IntTensor ? classes.data : toIntegers('crossEntropy', 'classes', classes);
  // A copy: the gradient reads them later, when the caller may have used the array again.
  const targets = given.slice();
  const own = classes instanceof IntTensor ? classes.shape : [targets.length];
  if (!sameShape(own, shape)) {
    throw new ShapeError(
      'crossEntropy',
      `logits of this shape need classes ${formatShape(shape)}`,
      [[count, width, ...rest], own],
      rest.length === 0 ? 'Pass one class a row.' : 'Pass an IntTensor with one class a position.',
    );
  }
  targets.forEach((target, i) => {
    if ((target >= 0 && target < width) || target === ignoreIndex) return;
    throw new RangeError(
      `crossEntropy: classes[${coordinatesOf(i, shape).join(', ')}] is ${target}, outside the ${width} classes of the logits. Use 0 to ${width - 1}, or ignoreIndex (${ignoreIndex}).`,
    );
  });
  return targets;
}

function readWeights(classes: number, weight: CrossEntropyOptions['weight']): ArrayLike<number> | undefined {
  if (weight === undefined) return undefined;
  const values = weight instanceof Tensor ? weight.data : weight;
  if (values.length !== classes) {
    throw new ShapeError(
      'crossEntropy',
      `${classes} classes need ${classes} weights`,
      [[classes], [values.length]],
      'Pass one weight a class.',
    );
  }
  for (let c = 0; c < classes; c++) {
    if (!(values[c] >= 0 && values[c] < Infinity))
      throw new RangeError(`crossEntropy: weight[${c}] is ${values[c]}; expected a finite number of at least 0.`);
  }
  return Float64Array.from(values);
}
