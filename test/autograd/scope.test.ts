import { afterEach, describe, expect, test } from 'vitest';
import { portableKernels, useKernels } from '../../src/kernels.ts';
import {
  add,
  asDistance,
  backward,
  concat,
  Distance,
  euclidean,
  exp,
  gradcheck,
  keep,
  mean,
  mul,
  neg,
  noGrad,
  Parameter,
  parameter,
  record,
  reshape,
  scope,
  square,
  sum,
  Tensor,
  tanh,
  tensor,
  zeros,
} from '../../src/portable.ts';
import { openMemory } from '../../src/tensor/memory.ts';
import { isDouble, toDouble } from '../../src/tensor/precision.ts';
import { errorOf } from '../errors.ts';

/** In ordinary memory because of its size, in scope memory, and in what does not fit into the small arena below. */
const SIZES = [3, 100, 5000];

const ramp = (size: number) => tensor(Float32Array.from({ length: size }, (_, i) => (i % 7) - 3));

/** The last tensor made inside is handed out the way no one should. */
function leak<T extends Tensor>(make: () => T): T {
  const found: T[] = [];
  scope(() => {
    found.push(make());
  });
  return found[0];
}

const memories = [
  ['portable kernels', undefined],
  ['kernels with a reserve of 16 KB', 16384],
  ['kernels with a reserve of 1 KB', 1024],
] as const;

describe.each(memories)('scope with %s', (_, bytes) => {
  const install = () => {
    if (bytes === undefined) return;
    const reserve = { buffer: new ArrayBuffer(bytes), start: 0, end: bytes };
    useKernels({ name: 'fake', reserve: () => reserve });
  };
  afterEach(() => {
    useKernels(portableKernels);
    expect(openMemory()).toBeUndefined();
  });

  test.each(SIZES)('what it returns is copied out, %i elements', (size) => {
    install();
    const x = ramp(size);
    const reserved = bytes === undefined ? undefined : scope(() => mul(ramp(100), 2).data.buffer);
    const inside: Tensor[] = [];
    const y = scope(() => {
      inside.push(mul(x, 2));
      return inside[0];
    });
    expect(y).toBe(inside[0]);
    expect(y.data.buffer).not.toBe(reserved);
    scope(() => neg(ramp(size)));
    expect(Array.from(y.data)).toEqual(Array.from(x.data, (v) => 2 * v));
  });

  test.each(SIZES)('everything else throws when it is read, %i elements', (size) => {
    install();
    const y = leak(() => mul(ramp(size), 2));
    const reads: (() => unknown)[] = [
      () => y.data[0],
      () => y.data.length,
      () => y.size,
      () => y.item(),
      () => y.toArray(),
      () => String(y),
      () => y.data.slice(),
      () => [...y.data],
      () => Float32Array.from(y.data),
      () => y.data instanceof Float32Array,
      () => {
        y.data[0] = 1;
      },
      () => new Float32Array(size).set(y.data),
      () => add(y, 1),
      () => add(1, y),
      () => neg(y),
      () => exp(y),
      () => tanh(y),
      () => sum(y),
      () => mean(y),
      () => reshape(y, [-1]),
      () => concat([y, y]),
      () => asDistance(y),
      () => parameter(y),
      () => new Tensor(y.data, y.shape),
      () => scope(() => neg(y)),
      () => gradcheck((x) => x, [y]),
      () => backward(y),
    ];
    for (const read of reads) {
      const { message } = errorOf(RangeError, read);
      expect(message).toBe(
        'data: the tensor was released when the scope that made it closed. Return it from the scope, or keep(x) inside it.',
      );
    }
  });

  test.each(SIZES)('keep: the same tensor, readable for good, %i elements', (size) => {
    install();
    const kept: Tensor[] = [];
    const total = scope(() => {
      const y = mul(ramp(size), 2);
      expect(keep(y)).toBe(y);
      kept.push(y);
      return scope(() => {
        kept.push(keep(neg(y)));
        return sum(y);
      });
    });
    leak(() => square(ramp(size)));
    expect(Array.from(kept[0].data)).toEqual(Array.from(ramp(size).data, (v) => 2 * v));
    expect(Array.from(kept[1].data)).toEqual(Array.from(ramp(size).data, (v) => -2 * v));
    expect(total.item()).toBeCloseTo(
      kept[0].data.reduce((a, b) => a + b, 0),
      3,
    );
  });

  test('keep inside a nested scope saves a tensor of the outer one', () => {
    install();
    const kept = leak(() => {
      const y = mul(ramp(100), 2);
      scope(() => [keep(y).size]);
      return y;
    });
    expect(kept.data[0]).toBe(-6);
    expect(keep(kept)).toBe(kept);
    expect(() => scope(() => keep(leak(() => neg(ramp(100)))))).toThrow('was released');
  });

  test('results may be gradients, arrays, objects, Maps and Sets, nested and in a circle', () => {
    install();
    const w = parameter(ramp(100));
    const circle: { self?: unknown; y?: Tensor } = {};
    const result = scope(() => {
      const y = square(w);
      circle.self = circle;
      circle.y = neg(y);
      return {
        gradients: backward(sum(y)),
        list: [[mul(w, 3)], new Map([['m', mul(w, 4)]]), new Set([mul(w, 5)])],
        circle,
        nothing: null,
      };
    });
    leak(() => square(ramp(100)));
    const by = (factor: number) => Array.from(ramp(100).data, (v) => factor * v);
    expect(Array.from(result.gradients.get(w).data)).toEqual(by(2));
    const [[three], four, five] = result.list as unknown as [[Tensor], Map<string, Tensor>, Set<Tensor>];
    expect(Array.from(three.data)).toEqual(by(3));
    expect(Array.from(four.get('m')?.data ?? [])).toEqual(by(4));
    expect([...five].map(({ data }) => Array.from(data))).toEqual([by(5)]);
    expect(circle.y?.data[0]).toBe(-9);
  });

  test('tensors of a result that share data go on sharing; subclasses stay', () => {
    install();
    const x = ramp(100);
    const { y, z, d, p } = scope(() => {
      const y = mul(x, 2);
      return {
        y,
        z: reshape(y, [10, 10]),
        d: euclidean(reshape(y, [20, 5]), zeros([20, 5])),
        p: new Parameter(neg(y).data, [100]),
      };
    });
    expect(z.data).toBe(y.data);
    expect(d).toBeInstanceOf(Distance);
    expect([d.measure, d.bound, d.size]).toEqual(['distance', Infinity, 20]);
    expect(p).toBeInstanceOf(Parameter);
    expect(p.data[0]).toBe(6);
  });

  test('leaves are never released nor moved, nor is what shares their data', () => {
    install();
    const x = ramp(100);
    const { data } = x;
    const inside = leak(() => parameter(ramp(100)));
    const view = leak(() => reshape(x, [10, 10]));
    const returned = scope(() => [reshape(x, [4, 25]), ramp(100)]);
    leak(() => square(ramp(100)));
    expect(x.data).toBe(data);
    expect([view.data, returned[0].data]).toEqual([data, data]);
    expect(view.data).toBe(data);
    for (const t of [x, inside, returned[1]]) expect(Array.from(t.data)).toEqual(Array.from(ramp(100).data));
  });

  test('a nested scope releases its own, and its result outlives both', () => {
    install();
    const found: Tensor[] = [];
    const result = scope(() => {
      const a = mul(ramp(100), 2);
      const b = scope(() => {
        found.push(neg(a), reshape(a, [10, 10]));
        return add(a, 1);
      });
      expect(() => found[0].data[0]).toThrow('was released');
      // A view of the outer scope's memory ends with that.
      expect(found[1].data).toBe(a.data);
      const c = mul(ramp(100), 7);
      expect([a.data[0], b.data[0], c.data[0]]).toEqual([-6, -5, -21]);
      found.push(a, b);
      return [c];
    });
    expect(() => found[1].data[0]).toThrow('was released');
    expect(() => found[2].data[0]).toThrow('was released');
    expect([found[3].data[0], result[0].data[0]]).toEqual([-5, -21]);
  });

  test('where fn throws, everything is released, and the scope around goes on', () => {
    install();
    const found: Tensor[] = [];
    const kept = scope(() => {
      const before = mul(ramp(100), 2);
      expect(() =>
        scope(() => {
          found.push(neg(before));
          throw new SyntaxError('mine');
        }),
      ).toThrow(new SyntaxError('mine'));
      return add(before, mul(ramp(100), 3));
    });
    expect(() => found[0].data[0]).toThrow('was released');
    expect(kept.data[0]).toBe(-15);
  });

  test('a promise is refused, in words, and what it made is released', async () => {
    install();
    const found: Tensor[] = [];
    const run = () =>
      scope(async () => {
        found.push(neg(ramp(100)));
        await Promise.resolve();
        return found[0].data[0];
      });
    expect(errorOf(TypeError, run).message).toBe(
      'scope: the function returned a promise. It must be synchronous; await outside and pass the values in.',
    );
    await Promise.resolve();
    expect(() => found[0].data[0]).toThrow('was released');
  });

  test('so is anything that can be waited for', () => {
    install();
    const later: unknown = Object.fromEntries([['then', (done: () => void) => done()]]);
    expect(errorOf(TypeError, () => scope(() => later)).message).toContain('scope: the function returned a promise');
    expect(errorOf(TypeError, () => noGrad(() => later)).message).toContain('noGrad: the function returned a promise');
  });

  test('a small part of a result, returned or kept, is copied out', () => {
    install();
    const part = (x: Tensor) => new Tensor(x.data.subarray(40, 48), [8]);
    const returned = scope(() => part(neg(ramp(100))));
    const kept = leak(() => keep(part(neg(ramp(100)))));
    const values = Array.from(neg(ramp(100)).data.subarray(40, 48));
    scope(() => neg(zeros([100])));
    expect([Array.from(returned.data), Array.from(kept.data)]).toEqual([values, values]);
  });

  test('views of other types of the raw data of a result are refused', () => {
    install();
    const views = [
      ({ buffer, byteOffset }: Float32Array) => new Uint8Array(buffer, byteOffset, 8),
      ({ buffer, byteOffset }: Float32Array) => new Int32Array(buffer, byteOffset, 2),
      ({ buffer, byteOffset }: Float32Array) => new DataView(buffer, byteOffset, 8),
    ];
    for (const view of views)
      expect(errorOf(TypeError, () => scope(() => view(neg(ramp(100)).data))).message).toContain('raw data');
  });

  test('a tensor that cannot be released does not keep others, nor the memory', () => {
    install();
    const found: Tensor[] = [];
    const run = () =>
      scope(() => {
        found.push(Object.freeze(neg(ramp(100))), neg(ramp(100)));
      });
    expect(run).toThrow(TypeError);
    expect(() => found[1].data[0]).toThrow('was released');
    const place = () => scope(() => neg(ramp(100)).data.byteOffset);
    const first = place();
    expect(run).toThrow(TypeError);
    expect(place()).toBe(first);
  });

  test.each(SIZES)('the raw data of a result is refused, %i elements', (size) => {
    install();
    expect(errorOf(TypeError, () => scope(() => ({ deep: [neg(ramp(size)).data] }))).message).toContain(
      'Return the tensor, or a copy',
    );
    expect(scope(() => neg(ramp(size)).data.slice())[0]).toBe(3);
    expect(scope(() => ramp(size).data)[0]).toBe(-3);
  });

  test('a raw part of released memory is released too', () => {
    install();
    const part = leak(() => new Tensor(mul(ramp(200), 2).data.subarray(50, 150), [100]));
    expect(() => part.data[0]).toThrow('was released');
    expect(scope(() => new Tensor(mul(ramp(200), 2).data.subarray(49, 149), [100])).data[0]).toBe(-6);
  });

  test('a result may hold tensors that are released already', () => {
    install();
    const dead = leak(() => neg(ramp(100)));
    const [first, second] = scope(() => [dead, neg(ramp(100))]);
    expect(() => first.size).toThrow('was released');
    expect(second.data[0]).toBe(3);
  });

  test('graphs end with the scope, in words', () => {
    install();
    const w = parameter(ramp(100));
    const loss = scope(() => sum(square(w)));
    const message =
      'backward: a part of the graph was made inside a scope that has closed. Compute the gradients inside the scope; wrap what needs none in noGrad.';
    expect(errorOf(RangeError, () => backward(loss)).message).toBe(message);
    expect(errorOf(RangeError, () => backward(mul(loss, 2))).message).toBe(message);
    // Also where the tensor itself is readable: it is kept, shares a leaf's data, or has data of the user's own.
    for (const make of [
      () => keep(square(w)),
      () => reshape(w, [10, 10]),
      () => record('own', new Float32Array(100), [100], [[w, (g) => g]]),
    ]) {
      expect(errorOf(RangeError, () => backward(sum(leak(make)))).message).toBe(message);
    }
    const frozen = scope(() => noGrad(() => sum(square(w))));
    expect(backward(sum(mul(w, frozen))).get(w).data[0]).toBe(frozen.item());
  });

  test('double precision lives by the same rules', () => {
    install();
    const { ok } = scope(() => gradcheck((a, b) => square(mul(a, b)), [ramp(30), ramp(30)]));
    expect(ok).toBe(true);
    const double = leak(() => mul(toDouble(ramp(100)), 2));
    expect(() => double.data[0]).toThrow('was released');
    const [y, kept] = scope(() => [mul(toDouble(ramp(100)), 2), keep(mul(toDouble(ramp(100)), 3))]);
    expect([isDouble(y.data), y.data[0], isDouble(kept.data), kept.data[0]]).toEqual([true, -6, true, -9]);
  });

  test('second derivatives inside a scope', () => {
    install();
    const w = parameter(ramp(100));
    const gradients = scope(() => {
      const first = backward(sum(mul(square(w), w)), { createGraph: true });
      return backward(sum(square(first.get(w))));
    });
    // The derivative of (3 w^2)^2.
    expect(Array.from(gradients.get(w).data)).toEqual(Array.from(w.data, (v) => 36 * v * v * v));
  });
});

test('the memory is that of the kernels active when the outermost scope opens', () => {
  const reserve = { buffer: new ArrayBuffer(65536), start: 0, end: 65536 };
  const previous = useKernels({ name: 'fake', reserve: () => reserve });
  const place = () => neg(ramp(100)).data.buffer === reserve.buffer;
  try {
    const places = scope(() => {
      useKernels(portableKernels);
      return [place(), scope(place)];
    });
    expect([...places, scope(place), place()]).toEqual([true, true, false, false]);
  } finally {
    useKernels(previous);
  }
});

test('kernels that could not get memory do without', () => {
  const previous = useKernels({ name: 'fake', reserve: () => undefined });
  try {
    expect(scope(() => neg(ramp(100))).data[0]).toBe(3);
  } finally {
    useKernels(previous);
  }
});
