import { tensor } from '../../tensor/create.ts';
import { allocate } from '../../tensor/precision.ts';
import { type Shape, ShapeError, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';

/** 1 (true) where a query may attend a key, else 0. */
export type Mask = Tensor | readonly (readonly boolean[])[];

/** Which keys each query of each item may attend. */
export interface MaskPattern {
  /** 1 or 0 for each query and key, [L, S], of several items that share it. */
  readonly allowed: Uint8Array;
  /** Where in `allowed` each item of the batch begins. */
  readonly starts: Int32Array;
  /** 1 for the keys of each item that no query may attend; undefined where there are none. */
  readonly unused: Uint8Array | undefined;
}

/** The pattern of a mask that broadcasts to `shape`, [...batch, L, S]; undefined where every key may be attended. */
export function maskPattern(mask: Mask | undefined, causal: boolean, shape: Shape): MaskPattern | undefined {
  if (mask === undefined && !causal) return undefined;
  const own = mask === undefined ? undefined : toMask(mask, shape);
  const [queries, keys] = shape.slice(-2);
  const size = queries * keys;
  const lead = own?.shape.slice(0, -2) ?? [];
  const items = sizeOf(lead);
  const [rows, columns] = own?.shape.slice(-2) ?? [1, 1];
  const allowed = new Uint8Array(items * size);
  for (let item = 0, o = 0; item < items; item++) {
    for (let l = 0; l < queries; l++) {
      const row = (item * rows + (rows === 1 ? 0 : l)) * columns;
      for (let s = 0; s < keys; s++, o++) {
        const may = own === undefined || own.data[row + (columns === 1 ? 0 : s)] === 1;
        allowed[o] = may && (!causal || s <= l) ? 1 : 0;
      }
    }
  }
  const starts = itemsOf(lead, shape.slice(0, -2)).map((item) => item * size);
  return { allowed, starts, unused: unusedKeys(allowed, starts, queries, keys) };
}

/** Throws a ShapeError unless what is laid over the scores broadcasts to their shape. */
export function checkOverScores(name: string, own: Shape, scores: Shape, remedy: string): void {
  const lead = scores.length - own.length;
  if (lead < 0 || own.some((length, i) => length !== 1 && length !== scores[lead + i]))
    throw new ShapeError('attention', `${name} does not broadcast to the scores`, [own, scores], remedy);
}

/** The mask as numbers of at least two axes, checked. */
function toMask(mask: Mask, shape: Shape): Tensor {
  const given = mask instanceof Tensor ? mask : fromLists(mask);
  checkOverScores('mask', given.shape, shape, 'Use [..., L, S], with 1 where a query may attend a key.');
  const wrong = given.data.findIndex((v) => v !== 0 && v !== 1);
  if (wrong >= 0) {
    throw new RangeError(
      `attention: element ${wrong} of mask is ${given.data[wrong]}. Use 1 where a query may attend a key, else 0; numbers to add belong in bias.`,
    );
  }
  const rank = given.shape.length;
  return rank >= 2 ? given : new Tensor(given.data, [...new Array<number>(2 - rank).fill(1), ...given.shape]);
}

function fromLists(mask: readonly (readonly boolean[])[]): Tensor {
  if (!Array.isArray(mask) || !mask.every((row) => Array.isArray(row)))
    throw new TypeError(
      'attention: mask must be a Tensor of 0 and 1, or boolean[][]. Use 1 where a query may attend a key.',
    );
  return tensor(mask.map((row) => row.map(Number)));
}

/** For each item of `batch` the item of `lead` that broadcasts to it. */
function itemsOf(lead: Shape, batch: Shape): Int32Array {
  let items = [0];
  batch.forEach((length, axis) => {
    const own = lead[axis - (batch.length - lead.length)] ?? 1;
    items = items.flatMap((item) => Array.from({ length }, (_, i) => item * own + (own === 1 ? 0 : i)));
  });
  return Int32Array.from(items);
}

function unusedKeys(allowed: Uint8Array, starts: Int32Array, queries: number, keys: number): Uint8Array | undefined {
  const unused = new Uint8Array(starts.length * keys).fill(1);
  starts.forEach((start, item) => {
    for (let l = 0, i = start; l < queries; l++) {
      for (let s = 0; s < keys; s++, i++) if (allowed[i] === 1) unused[item * keys + s] = 0;
    }
  });
  return unused.includes(1) ? unused : undefined;
}

/** Scores `[items, L, S]` with -Infinity, which softmax turns to 0, where a query may not attend a key. */
export function maskScores(x: Tensor, pattern: MaskPattern): Tensor {
  const out = allocate([x], x.shape);
  select(x.data, pattern, -Infinity, out);
  return record('maskScores', out, x.shape, [[x, (g) => keepAllowed(g, pattern)]]);
}

/** The transpose of `maskScores`: 0 where a query may not attend a key. */
function keepAllowed(x: Tensor, pattern: MaskPattern): Tensor {
  const out = allocate([x], x.shape);
  select(x.data, pattern, 0, out);
  return record('keepAllowed', out, x.shape, [[x, (g) => keepAllowed(g, pattern)]]);
}

function select(x: Float32Array, { allowed, starts }: MaskPattern, otherwise: number, out: Float32Array): void {
  const size = x.length / starts.length;
  for (let item = 0, o = 0; item < starts.length; item++) {
    for (let i = starts[item], end = o + size; o < end; i++, o++) out[o] = allowed[i] === 1 ? x[o] : otherwise;
  }
}
