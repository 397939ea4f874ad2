import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Kernels, portableKernels, useKernels } from '../../src/kernels.ts';
import {
  add,
  backward,
  keep,
  mul,
  neg,
  noGrad,
  type Pullback,
  parameter,
  pullThrough,
  record,
  relu,
  reshape,
  scope,
  square,
  sub,
  sum,
  Tensor,
  tensor,
} from '../../src/portable.ts';
import { Arena, ArrayPool, giveBack, ScopeMemory, takeDoubles } from '../../src/tensor/memory.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { errorOf } from '../errors.ts';
import { poison } from '../poison.ts';
import { opTable } from './opTable.ts';
import type { Case } from './table/row.ts';

const withReserve = (bytes: number): Kernels => {
  const reserve = { buffer: new ArrayBuffer(bytes), start: 0, end: bytes };
  return { name: 'fake', reserve: () => reserve };
};

afterEach(() => {
  vi.restoreAllMocks();
  useKernels(portableKernels);
});

const numbers = ({ data }: Tensor) => Array.from(data);

/** Value, first and second derivatives of a case. */
function results({ fn, inputs }: Case): number[][] {
  const leaves = inputs.map((x) => parameter(x));
  const y = fn(...leaves);
  const found = [numbers(noGrad(() => fn(...leaves))), numbers(y)];
  const weights = tensor(createRandom(5).fillUniform(new Float32Array(y.size), 0.5, 1.5), y.shape);
  const loss = sum(mul(y, weights));
  if (loss.node === undefined) return found;
  const collect = (gradients: Iterable<readonly [Tensor, Tensor]>) => {
    const all = new Map(gradients);
    for (const leaf of leaves) found.push(numbers(all.get(leaf) ?? tensor([])));
  };
  collect(backward(loss));
  if (inputs.some(({ size }) => size === 0)) return found;
  const first = backward(loss, { createGraph: true });
  const squares = [...first].map(([, g]) => sum(square(g))).reduce((a, b) => add(a, b));
  collect(first);
  if (squares.node !== undefined) collect(backward(squares));
  return found;
}

const sets = [
  ['the pool', () => portableKernels],
  ['an arena', () => withReserve(1 << 24)],
  ['an arena that overflows', () => withReserve(512)],
] as const;

describe.each(sets)('the bits inside a scope are those outside, with %s', (_, kernels) => {
  test.each(Object.entries(opTable))('%s', (_name, { cases }) => {
    useKernels(kernels());
    for (const c of cases) {
      const outside = results(c);
      expect(
        scope(() => results(c)),
        c.name,
      ).toEqual(outside);
      poison();
      expect(
        scope(() => results(c)),
        `${c.name}, in memory of NaN`,
      ).toEqual(outside);
      vi.restoreAllMocks();
    }
  });
});

test('the poison is one: an op that relied on zeros would show, or on scratch that it gave back', () => {
  poison();
  const late = scope(() => {
    const scratch = takeDoubles(SIZE).fill(1);
    giveBack(scratch);
    return [scratch[0], scratch[SIZE - 1]];
  });
  expect(late).toEqual([NaN, NaN]);
  const y = scope(() => {
    const inside = neg(tensor(new Float32Array(3)));
    return [...inside.data, new ScopeMemory(undefined, undefined, new ArrayPool()).floats(2)[0]];
  });
  expect(y).toEqual([-0, -0, -0, NaN]);
});

const SIZE = 1000;
const ramp = (size = SIZE) => tensor(Float32Array.from({ length: size }, (_, i) => (i % 7) - 3));

/** The most memory that a scope needs for `fn`, in arrays of SIZE floats. */
function peak(fn: () => unknown): number {
  const reserve = { buffer: new ArrayBuffer(1 << 24), start: 0, end: 1 << 24 };
  let arena: Arena | undefined;
  const { allocate } = Arena.prototype;
  const spy = vi.spyOn(Arena.prototype, 'allocate').mockImplementation(function (this: Arena, floats) {
    arena = this;
    return allocate.call(this, floats);
  });
  const previous = useKernels({ name: 'fake', reserve: () => reserve });
  scope(() => [fn()]);
  useKernels(previous);
  spy.mockRestore();
  expect(arena?.top).toBe(0);
  return (arena?.highest ?? 0) / (Math.ceil(SIZE / 16) * 64);
}

describe.each(sets)('recycling, with %s', (_, kernels) => {
  beforeEach(() => {
    useKernels(kernels());
  });

  const chain = (x: Tensor, depth: number): Tensor => (depth === 0 ? x : chain(mul(x, 0.5), depth - 1));

  test('the gradients of a chain need the memory of a few, however long it is', () => {
    const w = parameter(ramp());
    for (const depth of [10, 40]) {
      const forward = peak(() => sum(chain(w, depth)));
      const both = peak(() => backward(sum(chain(w, depth))));
      expect(both - forward).toBeLessThan(5);
    }
  });

  test('under createGraph nothing is recycled, and the results are the same', () => {
    const w = parameter(ramp());
    expect(peak(() => backward(sum(chain(w, 20)), { createGraph: true }))).toBeGreaterThan(40);
  });

  test('contributions add up in place, to the same bits', () => {
    const w = parameter(ramp());
    const fan = (n: number) => () => {
      const terms = Array.from({ length: n }, (_, i) => sum(mul(w, 0.1 * i)));
      return backward(terms.reduce((a, b) => add(a, b)));
    };
    const outside = fan(20)().get(w);
    expect(numbers(scope(fan(20)).get(w))).toEqual(numbers(outside));
    expect(peak(fan(20)) - 20).toBeLessThan(6);
  });

  /** An op y = x with a pullback of the test's own. */
  const op = (x: Tensor, pullback: Pullback, name = 'own') => record(name, x.data.slice(), x.shape, [[x, pullback]]);

  test('gradients that share memory are not overwritten', () => {
    const w = parameter(ramp());
    const v = parameter(ramp());
    const step = () => {
      // g reaches w itself, by a reshape, by identity and through sums, while other gradients come and go.
      const a = op(w, (g) => g);
      const b = reshape(a, [10, 100]);
      const c = add(b, reshape(v, [10, 100]));
      const d = add(reshape(c, [SIZE]), a);
      const e = sub(mul(d, d), relu(neg(d)));
      return backward(sum(add(add(e, a), mul(v, w))));
    };
    const outside = step();
    const inside = scope(step);
    for (const leaf of [w, v]) expect(numbers(inside.get(leaf))).toEqual(numbers(outside.get(leaf)));
  });

  test('two parameters may share one gradient', () => {
    const [a, b] = [parameter(ramp()), parameter(ramp())];
    const gradients = scope(() => backward(sum(add(mul(add(a, b), 3), mul(neg(neg(a)), 2)))));
    expect(new Set(gradients.get(a).data)).toEqual(new Set([5]));
    expect(new Set(gradients.get(b).data)).toEqual(new Set([3]));
  });

  test('a sum is not taken in memory that another pending gradient shares', () => {
    const [a, b] = [parameter(ramp()), parameter(ramp())];
    const gradients = scope(() => {
      const tripled = mul(a, 3);
      return backward(sum(add(add(a, b), tripled)));
    });
    expect(new Set(gradients.get(a).data)).toEqual(new Set([4]));
    expect(new Set(gradients.get(b).data)).toEqual(new Set([1]));
  });

  test('a pullback may return a tensor of the forward pass, which stays', () => {
    const w = parameter(ramp());
    const [gradient, forward] = scope(() => {
      const h = mul(ramp(), 2);
      const y = op(mul(w, 1), () => h);
      const z = op(mul(w, 1), () => h);
      const gradients = backward(sum(add(y, z)));
      return [gradients.get(w), add(h, 0)];
    });
    expect(numbers(gradient)).toEqual(numbers(mul(ramp(), 4)));
    expect(numbers(forward)).toEqual(numbers(mul(ramp(), 2)));
  });

  test('a pullback may return a part of its memory', () => {
    const w = parameter(ramp());
    const part = (g: Tensor) => {
      const double = mul(tensor([...g.data, ...g.data]), 2);
      return new Tensor(double.data.subarray(0, SIZE), [SIZE]);
    };
    const step = () => backward(sum(mul(mul(op(mul(mul(w, 1), 1), part), 3), mul(w, 0.5))));
    expect(numbers(scope(step).get(w))).toEqual(numbers(step().get(w)));
  });

  test('the pullbacks of one op may share an intermediate', () => {
    const [a, b] = [parameter(ramp()), parameter(ramp())];
    const step = () => {
      const known = new Map<Tensor, Tensor>();
      const shared = (g: Tensor) => {
        const found = known.get(g) ?? mul(g, 2);
        known.set(g, found);
        return found;
      };
      const y = record(
        'shared',
        ramp().data,
        [SIZE],
        [
          [a, shared],
          [a, (g) => neg(shared(g))],
          [b, (g) => mul(shared(g), 5)],
          [a, (g) => mul(shared(g), 4)],
        ],
      );
      return backward(sum(add(y, mul(a, 7))));
    };
    const [inside, outside] = [scope(step), step()];
    for (const leaf of [a, b]) expect(numbers(inside.get(leaf))).toEqual(numbers(outside.get(leaf)));
  });

  test.each([3, SIZE])('an intermediate cached across calls throws when it is read, %i elements', (size) => {
    const w = parameter(ramp(size));
    const seen: Tensor[] = [];
    scope(() => {
      const y = op(mul(w, 2), (g) => {
        seen.push(g, mul(g, 2));
        return mul(g, 3);
      });
      backward(sum(mul(y, 2)));
      for (const x of seen) {
        expect(errorOf(RangeError, () => add(x, 1)).message).toBe(
          'data: the tensor is an intermediate of a backward pass inside a scope, and was released after the last pullback that may use it. Compute it again, or keep(x) it.',
        );
      }
      expect(() => backward(sum(op(mul(w, 2), () => seen[1])))).toThrow('was released');
    });
  });

  test('a contribution that has become part of a sum throws, instead of giving the sum', () => {
    const w = parameter(ramp());
    const seen: Tensor[] = [];
    scope(() => {
      const h = mul(w, 1);
      const late = op(h, (g) => {
        expect(seen[0].data[0]).toBe(3);
        return mul(g, 2);
      });
      // Recorded later, so its pullback runs first, and that of `late` adds to what it gave.
      const early = op(h, (g) => {
        seen.push(mul(g, 3));
        return seen[0];
      });
      const gradients = backward(sum(add(late, early)));
      expect(() => seen[0].data[0]).toThrow('was released');
      expect(gradients.get(w).data[0]).toBe(5);
    });
  });

  test('a sum grows elsewhere where the same visit lent its memory to another tensor', () => {
    const [v, w] = [parameter(ramp()), parameter(ramp())];
    const step = () => {
      const seen: Tensor[] = [];
      const [h, k] = [mul(w, 1), mul(v, 1)];
      const lender = record(
        'lender',
        ramp().data,
        [SIZE],
        [
          [k, () => seen[0]],
          [h, (g) => mul(g, 5)],
        ],
      );
      const first = op(h, (g) => {
        seen.push(mul(g, 3));
        return seen[0];
      });
      return backward(sum(add(lender, first)));
    };
    const gradients = scope(step);
    expect(new Set(gradients.get(v).data)).toEqual(new Set([3]));
    expect(new Set(gradients.get(w).data)).toEqual(new Set([8]));
  });

  test('a sum may be added to itself', () => {
    const w = parameter(ramp());
    const gradients = scope(() => {
      const seen: Tensor[] = [];
      const h = mul(w, 1);
      const again = op(h, () => seen[0]);
      const first = op(h, (g) => {
        seen.push(mul(g, 3));
        return seen[0];
      });
      return backward(sum(add(again, first)));
    });
    expect(new Set(gradients.get(w).data)).toEqual(new Set([6]));
  });

  test('partial sums of one visit, and results of passes inside pullbacks, are released too', () => {
    const w = parameter(mul(ramp(), 0.1));
    const squares = (x: Tensor, depth: number): Tensor => (depth === 0 ? x : squares(mul(x, x), depth - 1));
    const [forward, both] = [() => sum(squares(w, 20)), () => backward(sum(squares(w, 20)))].map(peak);
    expect(both - forward).toBeLessThan(8);

    const pull: Pullback = (g) => mul(pullThrough(square, [w], 0, g), 2);
    const own = (x: Tensor, depth: number): Tensor => (depth === 0 ? x : own(op(mul(x, 1), pull), depth - 1));
    const [ahead, back] = [() => sum(own(w, 20)), () => backward(sum(own(w, 20)))].map(peak);
    expect(back - ahead).toBeLessThan(12);
  });

  test.each([3, SIZE])('gradients that the scope does not return are released, %i elements', (size) => {
    const w = parameter(ramp(size));
    const found: Tensor[] = [];
    scope(() => {
      found.push(backward(sum(mul(mul(w, 2), 3))).get(w));
    });
    expect(() => found[0].data[0]).toThrow('released when the scope');
  });

  test('a part of an intermediate, cached across calls, keeps its numbers until the scope closes', () => {
    const w = parameter(ramp());
    const seen: Tensor[] = [];
    scope(() => {
      const y = op(mul(w, 2), (g) => {
        const double = mul(tensor([...g.data, ...g.data]), 2);
        seen.push(new Tensor(double.data.subarray(100, SIZE + 100), [SIZE]));
        return mul(g, 3);
      });
      backward(sum(mul(chain(y, 3), 2)));
      backward(sum(chain(w, 10)));
      expect(new Set(seen[0].data)).toEqual(new Set([0.5]));
    });
    expect(() => seen[0].data[0]).toThrow('was released');
  });

  test('keep saves an intermediate of a pullback', () => {
    const w = parameter(ramp());
    const seen: Tensor[] = [];
    const gradients = scope(() => {
      const y = op(mul(w, 2), (g) => {
        seen.push(keep(g), keep(mul(g, 2)));
        return keep(mul(g, 3));
      });
      return backward(sum(mul(y, 2)));
    });
    expect(seen.map(({ data }) => data[5])).toEqual([2, 4]);
    expect(gradients.get(w).data[5]).toBe(12);
  });

  test('memory from before the pass is left alone, and backward may be called again', () => {
    const w = parameter(ramp());
    const [first, second, again] = scope(() => {
      const h = square(w);
      const loss = sum(mul(h, h));
      const one = backward(loss);
      const before = numbers(one.get(w));
      const two = backward(loss);
      expect(numbers(one.get(w))).toEqual(before);
      return [one, two, add(h, 0)];
    });
    expect(numbers(second.get(w))).toEqual(numbers(first.get(w)));
    expect(numbers(again)).toEqual(numbers(square(w)));
  });

  test('a backward pass inside a pullback recycles its own', () => {
    const w = parameter(ramp());
    const v = ramp();
    const cubic = (x: Tensor) => mul(mul(x, x), mul(x, 2));
    const step = () => backward(sum(op(mul(w, 2), (g) => mul(g, pullThrough(cubic, [v], 0, mul(g, 3))))));
    expect(numbers(scope(step).get(w))).toEqual(numbers(step().get(w)));
  });
});

test('an op that hands its own gradient on to several inputs does not add into it, between them or after', () => {
  const [u, v, w] = [1, 2, 3].map((value) => parameter(tensor([value, value])));
  const own: Pullback = (g) => g;
  scope(() => {
    const y = record(
      'several',
      new Float32Array(2),
      [2],
      [
        [u, own],
        [v, (g) => mul(g, 2)],
        [u, own],
        [w, own],
      ],
    );
    const gradients = backward(sum(mul(y, 3)));
    expect([u, v, w].map((leaf) => numbers(gradients.get(leaf)))).toEqual([
      [6, 6],
      [6, 6],
      [3, 3],
    ]);
  });
});
