import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  concat,
  expand,
  flip,
  gather,
  IntTensor,
  mul,
  pad,
  repeat,
  scatterAdd,
  slice,
  split,
  squeeze,
  stack,
  sum,
  sumTo,
  type Tensor,
  take,
  tensor,
  unsqueeze,
  zeros,
} from '../../src/portable.ts';
import { createRandom } from '../../src/tensor/random.ts';

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
/** Whole numbers, so that sums are exact in any order. */
const whole = (shape: readonly number[], seed: number): Tensor =>
  tensor(
    Float32Array.from(createRandom(seed).fillUniform(new Float32Array(sizeOf(shape)), -50, 50), Math.round),
    shape,
  );
const inner = (a: Tensor, b: Tensor): number => sum(mul(a, b)).item() + 0;

/** A tensor with an axis. */
const withAxis = fc
  .tuple(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }), fc.nat(), fc.nat())
  .map(([shape, axis, seed]) => ({ x: whole(shape, seed), axis: axis % shape.length, seed }));

test('concat joins what split has cut', () => {
  fc.assert(
    fc.property(withAxis, fc.integer({ min: 1, max: 5 }), ({ x, axis }, size) => {
      const parts = split(x, size, { axis });
      const lengths = parts.map((part) => part.shape[axis]);
      const joined = concat(parts, { axis: axis - x.shape.length });
      expect([joined.shape, joined.data]).toEqual([x.shape, x.data]);
      expect(lengths.slice(0, -1).every((length) => length === size)).toBe(true);
      const listed = split(x, lengths, { axis });
      expect(listed.map((part) => part.toArray())).toEqual(parts.map((part) => part.toArray()));
    }),
  );
});

test('stack makes an axis whose entries take finds, squeeze undoes unsqueeze', () => {
  fc.assert(
    fc.property(withAxis, fc.nat(), ({ x, axis, seed }, more) => {
      const y = whole(x.shape, seed + 1);
      const at = (axis + more) % (x.shape.length + 1);
      const both = stack([x, y], { axis: at });
      for (const [i, z] of [x, y].entries()) {
        const found = squeeze(take(both, [i], { axis: at }), { axis: at });
        expect([found.shape, found.data]).toEqual([z.shape, z.data]);
        expect(squeeze(unsqueeze(z, at), { axis: at }).shape).toEqual(z.shape);
      }
    }),
  );
});

test('flip is its own inverse, and reverses the order of entries', () => {
  fc.assert(
    fc.property(withAxis, ({ x, axis }) => {
      const y = flip(x, { axis });
      expect(flip(y, { axis: axis - x.shape.length }).data).toEqual(x.data);
      const order = Array.from({ length: x.shape[axis] }, (_, i) => x.shape[axis] - 1 - i);
      expect(y.data).toEqual(take(x, order, { axis }).data);
    }),
  );
});

test('slice removes what pad has added, and they are transposes of each other', () => {
  fc.assert(
    fc.property(withAxis, fc.nat(3), fc.nat(3), ({ x, axis, seed }, before, after) => {
      const padding = x.shape.map((_, i) => (i === axis ? ([before, after] as const) : ([0, 1] as const)));
      const ranges = x.shape.map((length, i) => [padding[i][0], padding[i][0] + length] as const);
      const y = pad(x, padding, { value: 7 });
      expect(slice(y, ranges).data).toEqual(x.data);
      expect(sum(y).item() - sum(x).item()).toBe(7 * (y.size - x.size));
      const g = whole(y.shape, seed + 1);
      expect(inner(pad(x, padding), g)).toBe(inner(x, slice(g, ranges)));
    }),
  );
});

test('repeat is concat of copies, expand and sumTo are transposes of each other', () => {
  fc.assert(
    fc.property(withAxis, fc.integer({ min: 1, max: 3 }), ({ x, axis, seed }, count) => {
      const times = x.shape.map((_, i) => (i === axis ? count : 1));
      const copies = concat(new Array<Tensor>(count).fill(x), { axis });
      expect(repeat(x, times).toArray()).toEqual(copies.toArray());
      expect(repeat(x, [2, ...times]).toArray()).toEqual(stack([copies, copies]).toArray());
      const one = sumTo(x, x.shape.with(axis, 1));
      const g = whole(x.shape, seed + 1);
      expect(inner(expand(one, x.shape), g)).toBe(inner(one, sumTo(g, one.shape)));
    }),
  );
});

test('scatterAdd is the transpose of gather', () => {
  fc.assert(
    fc.property(withAxis, fc.nat(5), fc.nat(2), ({ x, axis, seed }, length, less) => {
      const entries = x.shape[axis];
      const shape = x.shape.map((l, i) => (i === axis ? (entries === 0 ? 0 : length) : Math.max(0, l - less)));
      const index = new IntTensor(
        Int32Array.from({ length: sizeOf(shape) }, (_, i) => (7 * i + seed) % Math.max(1, entries)),
        shape,
      );
      const g = whole(shape, seed + 1);
      expect(inner(gather(x, index, { axis }), g)).toBe(inner(x, scatterAdd(zeros(x.shape), index, g, { axis })));
    }),
  );
});
