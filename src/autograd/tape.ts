import { allocate } from '../tensor/precision.ts';
import { type Shape, ShapeError, sameShape } from '../tensor/shape.ts';
import { type Pullback, Tensor } from '../tensor/tensor.ts';
import { GradientMap, type Gradients, sumData } from './gradients.ts';
import { Parameter } from './parameter.ts';
import { createRecycler, type Recycler } from './recycle.ts';

/** One input of an op and the function that maps the output's gradient to that input's. */
export type Edge = readonly [input: Tensor, pullback: Pullback];

/** What sees every op and every pullback while `detectAnomaly` runs. */
export interface Watch {
  /** An op's result, with all its inputs, recorded or not. */
  made(out: Tensor, name: string, edges: readonly Edge[]): void;
  /** Calls the pullback of `out` to one of its inputs. */
  pull(out: Tensor, edge: Edge, g: Tensor): Tensor;
}

let nextSerial = 0;
let recording = true;
let watch: Watch | undefined;

/** Runs `fn` under a watch, and puts back the one before. */
export function watched<T>(by: Watch, fn: () => T): T {
  const previous = watch;
  watch = by;
  try {
    return fn();
  } finally {
    watch = previous;
  }
}

/** Whether ops are being recorded: false inside `noGrad` and in a first-order `backward`. */
export function isRecording(): boolean {
  return recording;
}

/** Whether a gradient can flow into `x`: it is a Parameter, or was computed from one while recording. */
export function needsGradient(x: Tensor): boolean {
  return x.node !== undefined || x instanceof Parameter;
}

/**
 * Wraps an op's result and hangs the graph on it: the way to write an op of your own.
 *
 * `edges` holds each input with its pullback; inputs that need no gradient are dropped. A pullback written with ops is
 * differentiable itself (`createGraph`); see `fused` for one that is not. Memory for `data` comes from `allocate`, where
 * the op is to be checked by differences. Inside a `scope` a pullback's intermediates are released when all pullbacks of
 * the op have returned: what is to last longer goes through `keep`.
 *
 * @example record('double', new Float32Array([2]), [1], [[tensor([1]), (g) => mul(g, 2)]]).toArray() // [2]
 */
export function record(name: string, data: Float32Array, shape: Shape, edges: readonly Edge[]): Tensor {
  return recordAs(new Tensor(data, shape), name, edges);
}

/**
 * `record` for a result that is an instance of a subclass of Tensor.
 *
 * @example recordAs(asDistance(tensor([2])), 'double', [[tensor([1]), (g) => mul(g, 2)]]).measure // 'distance'
 */
export function recordAs<T extends Tensor>(out: T, name: string, edges: readonly Edge[]): T {
  if (watch !== undefined) watch.made(out, name, edges);
  if (!recording) return out;
  const live = edges.filter(isLive);
  if (live.length > 0) out.node = { name, serial: nextSerial++, edges: live };
  return out;
}

/** One function for all calls: a closure each would cost more than the test of the watch. */
function isLive([input]: Edge): boolean {
  return needsGradient(input);
}

/**
 * A pullback with two forms: `fast`, one tight loop that records nothing, and `composed`, the same value written with
 * ops, taken while recording (`createGraph`), so that second derivatives exist.
 *
 * @example noGrad(() => fused((g) => tensor([1]), (g) => tensor([2]))(tensor([0]))).item() // 1
 */
export function fused(fast: Pullback, composed: Pullback): Pullback {
  return (g) => (recording ? composed(g) : fast(g));
}

/**
 * Runs `fn` without recording, so that its results hold no graph.
 *
 * Throws: TypeError where `fn` returns a promise or a generator, since recording would be on again before it continues.
 *
 * @example noGrad(() => mul(parameter(tensor([1])), 2)).node // undefined
 */
export function noGrad<T>(fn: () => T): T {
  return withRecording(false, 'noGrad', fn);
}

/** Runs `fn` with recording on or off, and puts it back as it was. */
export function withRecording<T>(value: boolean, caller: string, fn: () => T): T {
  const previous = recording;
  recording = value;
  try {
    const result = fn();
    if (isThenable(result)) {
      throw new TypeError(
        `${caller}: the function returned a promise. It must be synchronous; await outside and pass the values in.`,
      );
    }
    if (isGenerator(result)) {
      throw new TypeError(
        `${caller}: the function returned a generator, which has not begun to run. Take its values inside, as in [...generator].`,
      );
    }
    return result;
  } finally {
    recording = previous;
  }
}

/** Whether a function went on asynchronously. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** Iterators of arrays and Maps have no `throw`: only what a generator function returns runs code of the caller's later. */
function isGenerator(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'next' in value && 'throw' in value;
}

/** Options of `backward`. */
export interface BackwardOptions {
  /** Records the backward pass itself, so that gradients can be differentiated again. Default false. */
  readonly createGraph?: boolean | undefined;
}

/**
 * The gradients of a loss with respect to every Parameter it was computed from.
 *
 * Visits the ops reachable from `loss` in reverse order, each once; may be called again on the same graph. The data of
 * parameters and inputs must be what it was in the forward pass: most pullbacks read it, so after an optimizer step the
 * gradients would mix old and new values. Compute the loss again.
 *
 * Cost: time of the recorded ops' pullbacks; memory of the gradients that are still awaited.
 * Throws: ShapeError unless `loss` holds one value; TypeError where it depends on no Parameter.
 *
 * @example
 * const w = parameter(tensor([2, 3]));
 * backward(sum(square(w))).get(w).toArray() // [4, 6]
 */
export function backward(loss: Tensor, { createGraph = false }: BackwardOptions = {}): Gradients {
  if (loss.size !== 1) {
    throw new ShapeError('backward', 'the loss must hold one value', [loss.shape], 'Reduce it with mean() or sum().');
  }
  if (!needsGradient(loss)) {
    throw new TypeError(
      'backward: the loss depends on no Parameter. Make the tensors to differentiate with parameter(t), and compute the loss outside noGrad.',
    );
  }
  return withRecording(createGraph, 'backward', () => {
    const one = new Tensor(allocate([loss], loss.shape).fill(1), loss.shape);
    return new GradientMap(propagate(loss, one));
  });
}

/**
 * The pullback of `inputs[index]` through `fn`, worked out by differentiating `fn` itself: for an op with a fused
 * pullback whose second derivative is asked for, `fn` being the same op composed of others. The input need not be a
 * Parameter; where `fn` does not depend on it the result is 0.
 *
 * @example pullThrough(square, [tensor([3])], 0, tensor([1])).toArray() // [6]
 */
export function pullThrough(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  index: number,
  g: Tensor,
): Tensor {
  const [output, input] = withRecording(true, 'pullThrough', () => {
    // Aliases keep inputs apart that are one tensor, so that each pulls its own share.
    const aliases = inputs.map((x, i) =>
      // An input that needs no gradient would not be recorded.
      i === index && !needsGradient(x)
        ? new Parameter(x.data, x.shape)
        : record('alias', x.data, x.shape, [[x, (h) => h]]),
    );
    return [fn(...aliases), aliases[index]] as const;
  });
  return propagate(output, g, input).get(input) ?? new Tensor(input.data.slice().fill(0), input.shape);
}

/** Gradients of all leaves, or of `input` alone, by identity. */
function propagate(output: Tensor, seed: Tensor, input?: Tensor): Map<Tensor, Tensor> {
  const gradients = new Map<Tensor, Tensor>([[output, seed]]);
  // Under createGraph the backward pass has a graph itself, which holds all that it made.
  const recycler = recording ? undefined : createRecycler();
  for (const tensor of reachable(output, input)) {
    const g = gradients.get(tensor);
    if (g === undefined || tensor.node === undefined) continue;
    gradients.delete(tensor);
    recycler?.begin(g);
    for (const edge of tensor.node.edges) {
      const [source, pullback] = edge;
      const contribution = watch === undefined ? pullback(g) : watch.pull(tensor, edge, g);
      if (!sameShape(contribution.shape, source.shape)) {
        throw new ShapeError(
          'backward',
          `the pullback of ${tensor.node.name} returned a gradient of another shape than its input`,
          [contribution.shape, source.shape],
          `Mend the pullback passed to record('${tensor.node.name}', ...).`,
        );
      }
      gradients.set(source, accumulate(gradients.get(source), contribution, recycler));
    }
    recycler?.end();
  }
  return gradients;
}

/**
 * The recorded tensors that `output` was computed from, up to `input`, latest first. The stack is explicit, because
 * graphs are deeper than call stacks.
 */
function reachable(output: Tensor, input: Tensor | undefined): Tensor[] {
  const seen = new Set<Tensor>([output]);
  const stack = [output];
  const found: Tensor[] = [];
  for (let tensor = stack.pop(); tensor !== undefined; tensor = stack.pop()) {
    if (tensor.node === undefined || tensor === input) continue;
    found.push(tensor);
    for (const [source] of tensor.node.edges) {
      if (!seen.has(source)) {
        seen.add(source);
        stack.push(source);
      }
    }
  }
  return found.sort((a, b) => serialOf(b) - serialOf(a));
}

function serialOf(tensor: Tensor): number {
  return tensor.node?.serial ?? -1;
}

/** A contribution added to what a tensor has got so far; recorded, so that it belongs to a graph under `createGraph`. */
function accumulate(sum: Tensor | undefined, contribution: Tensor, recycler: Recycler | undefined): Tensor {
  if (sum === undefined) return recycler?.pend(contribution) ?? contribution;
  // A watch sees sums as what is recorded.
  const inPlace = watch === undefined ? recycler?.addInPlace(sum, contribution) : undefined;
  if (inPlace !== undefined) return inPlace;
  const total = record('accumulate', sumData(sum, contribution), sum.shape, [
    [sum, (g) => g],
    [contribution, (g) => g],
  ]);
  return recycler?.pend(total, sum) ?? total;
}
