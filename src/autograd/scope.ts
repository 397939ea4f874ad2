import { active } from '../tensor/kernels/kernels.ts';
import { Arena, ArrayPool, openMemory, ScopeMemory, setOpenMemory } from '../tensor/memory.ts';
import type { Reserve } from '../tensor/reserve.ts';
import { type GraphNode, listTensors, replaceData, Tensor } from '../tensor/tensor.ts';
import { GradientMap } from './gradients.ts';
import { isReleased, releaseAfterScope } from './released.ts';
import { isThenable } from './tape.ts';

/** One arena for each reserve, since their memory is the same. */
const arenas = new WeakMap<Reserve, Arena>();

const pool = new ArrayPool();

/** The graph of a tensor that has left its scope. */
const CLOSED: GraphNode = Object.freeze({
  name: 'scope',
  serial: -1,
  get edges(): never {
    throw new RangeError(
      'backward: a part of the graph was made inside a scope that has closed. Compute the gradients inside the scope; wrap what needs none in noGrad.',
    );
  },
});

/** Whether the graph of a tensor is gone with the scope that made it. */
export function hasClosedGraph(x: Tensor): boolean {
  return x.node === CLOSED;
}

/**
 * Runs `fn` in memory that is recycled: results of ops and gradients made inside are released when it returns, all but
 * those that it returns. For loops that do the same work again and again, such as the steps of a training, where it
 * saves most of the allocation; `train` uses it for every step.
 *
 * What `fn` returns is copied out: a tensor, the gradients of `backward`, or arrays, plain objects, Maps and Sets of them, nested as you
 * like. So is `keep(x)`. They are the same objects as inside, without their graph: compute gradients inside. Reading any
 * other tensor afterwards throws a RangeError. Leaves (`tensor()`, `zeros()`, `parameter()`, batches) own their data and
 * are never released. A raw `x.data` of a result is valid only until the scope closes, and so is a tensor made over a
 * part of it (one of at most 16 numbers does not even throw). Scopes may be nested.
 *
 * Cost: everything made inside is held until the scope closes (but for gradients that `backward` is done with), so a
 * long loop belongs around the scope, not into it; its memory is held until the next scope has closed without need of it.
 * Throws: TypeError where `fn` returns a promise, since the scope closes before it continues, or the raw data of a
 * tensor made inside.
 *
 * @example
 * const w = parameter(tensor([2, 3]));
 * const gradients = scope(() => backward(sum(square(w))));
 * gradients.get(w).toArray() // [4, 6]
 */
export function scope<T>(fn: () => T): T {
  const outer = openMemory();
  const memory = new ScopeMemory(outer, outer === undefined ? arenaOf(active().reserve?.()) : undefined, pool);
  const tensors: Tensor[] = [];
  const outerTensors = listTensors(tensors);
  setOpenMemory(memory);
  try {
    const result = fn();
    if (isThenable(result)) {
      // It goes on without its tensors; only the error below is to be seen.
      const ignore = () => undefined;
      result.then(ignore, ignore);
      throw new TypeError(
        'scope: the function returned a promise. It must be synchronous; await outside and pass the values in.',
      );
    }
    copyOut(result, memory, new Map(), new Set());
    return result;
  } finally {
    setOpenMemory(outer);
    listTensors(outerTensors);
    try {
      releaseAll(tensors, memory, outer, outerTensors);
    } finally {
      memory.close();
    }
  }
}

/**
 * Keeps a tensor beyond the scope that it was made in: its values are copied to memory of its own, its graph ends with
 * the scope. Outside a scope nothing happens. Returns the tensor itself.
 *
 * @example
 * let doubled = zeros([2]);
 * scope(() => sum((doubled = keep(mul(tensor([1, 2]), 2)))).item());
 * doubled.toArray() // [2, 4]
 */
export function keep<T extends Tensor>(x: T): T {
  for (let memory = openMemory(); memory !== undefined; memory = memory.outer) {
    if (memory.contains(x.data)) replaceData(x, x.data.slice());
  }
  return x;
}

function arenaOf(reserve: Reserve | undefined): Arena | undefined {
  if (reserve === undefined) return undefined;
  const known = arenas.get(reserve);
  if (known !== undefined) return known;
  const arena = new Arena(reserve.buffer, reserve.start, reserve.end);
  arenas.set(reserve, arena);
  return arena;
}

/** Gives the tensors in a result memory of their own; those that share theirs go on sharing. */
function copyOut(
  value: unknown,
  memory: ScopeMemory,
  copies: Map<Float32Array, Float32Array>,
  seen: Set<unknown>,
): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof Tensor) {
    if (isReleased(value) || !memory.contains(value.data)) return;
    const copy = copies.get(value.data) ?? value.data.slice();
    copies.set(value.data, copy);
    replaceData(value, copy);
  } else if (ArrayBuffer.isView(value) && memory.contains(value)) {
    throw new TypeError(
      'scope: the result holds the raw data of a tensor made inside, which is valid only until the scope closes. Return the tensor, or a copy: data.slice().',
    );
  } else {
    for (const part of partsOf(value)) copyOut(part, memory, copies, seen);
  }
}

function partsOf(value: object): Iterable<unknown> {
  if (Array.isArray(value) || value instanceof Set) return value;
  if (value instanceof Map || value instanceof GradientMap) return [...value].flat();
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? Object.values(value) : [];
}

/** Releases every tensor, also where one cannot be (a frozen one); throws for that in the end. */
function releaseAll(
  tensors: readonly Tensor[],
  memory: ScopeMemory,
  outer: ScopeMemory | undefined,
  outerTensors: Tensor[] | undefined,
): void {
  const errors: unknown[] = [];
  for (const x of tensors) {
    try {
      release(x, memory, outer, outerTensors);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

/** What becomes of a tensor made inside when the scope closes. */
function release(
  x: Tensor,
  memory: ScopeMemory,
  outer: ScopeMemory | undefined,
  outerTensors: Tensor[] | undefined,
): void {
  if (x.node !== undefined) x.node = CLOSED;
  if (isReleased(x)) return;
  if (memory.owns(x.data)) {
    releaseAfterScope(x);
    return;
  }
  // A tensor over the memory of a scope around this one ends with that.
  for (let around = outer; around !== undefined; around = around.outer) {
    if (around.owns(x.data)) {
      outerTensors?.push(x);
      return;
    }
  }
}
