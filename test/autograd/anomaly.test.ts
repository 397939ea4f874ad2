import { describe, expect, test } from 'vitest';
import { AnomalyError, detectAnomaly } from '../../src/autograd/anomaly.ts';
import { pullThrough, watched } from '../../src/autograd/tape.ts';
import * as t from '../../src/portable.ts';
import { opTable } from './opTable.ts';

const { tensor, parameter, backward } = t;

/** The anomaly that `fn` runs into. */
function anomalyOf(fn: () => unknown, options?: { readonly allowInfinity?: boolean }): AnomalyError {
  let found: unknown;
  try {
    detectAnomaly(fn, options);
  } catch (error) {
    found = error;
  }
  if (found instanceof AnomalyError) return found;
  throw new Error('no anomaly was found', { cause: found });
}

describe('forward', () => {
  test('names no operands of an op whose results come of many', () => {
    const anomaly = anomalyOf(() =>
      t.matmul(
        tensor([
          [3e38, 1],
          [1, 1],
        ]),
        tensor([
          [2, 1],
          [1, 1],
        ]),
      ),
    );
    expect(anomaly.message).toContain('made Infinity at element 0, [0, 0]; got ');
    expect(anomaly.message).not.toContain('where its');
  });

  test('names the op, the place, the operands and the shapes', () => {
    const anomaly = anomalyOf(() =>
      t.mean(
        t.log(
          t.softmax(
            tensor([
              [1, 2],
              [200, 0],
            ]),
          ),
        ),
      ),
    );
    expect(anomaly).toMatchObject({
      phase: 'forward',
      op: 'log',
      origin: 'op',
      value: -Infinity,
      index: 3,
      coordinates: [1, 1],
      input: undefined,
      inputShapes: [[2, 2]],
      outputShape: [2, 2],
    });
    expect(anomaly.message).toBe(
      'detectAnomaly: log made -Infinity at element 3, [1, 1], where its input is 0; got [2, 2] -> [2, 2]. log is -Infinity at 0 and NaN below: take logSoftmax, logSumExp or softplus instead of log of softmax, exp or sigmoid, or add a small number.',
    );
    expect(anomaly.stack).toContain('anomaly.test.ts');
  });

  test('tells the operands of a broadcast', () => {
    const anomaly = anomalyOf(() => t.div(tensor([[5], [7]]), tensor([3, 0])));
    expect(anomaly.message).toContain(
      'div made Infinity at element 1, [0, 1], where its inputs are 5 and 0; got [2, 1] and [2] -> [2, 2]. Keep the divisor',
    );
    expect(anomaly.index).toBe(1);
  });

  test('tells what came in with a leaf from what is made', () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, NaN],
    ]);
    const anomaly = anomalyOf(() => t.matmul(x, t.ones([3, 4])));
    expect(anomaly).toMatchObject({
      op: 'product',
      origin: 'input',
      input: 0,
      index: 5,
      coordinates: [1, 2],
      inputShapes: [
        [2, 3],
        [3, 4],
      ],
      outputShape: [2, 4],
    });
    expect(anomaly.value).toBeNaN();
    expect(anomaly.message).toContain(
      'NaN came in with input 0 of product (matmul, linear or attention) at element 5, [1, 2]; got',
    );
    const weight = anomalyOf(() => t.add(tensor([1, 2]), parameter(tensor([0, Infinity]))));
    expect(weight).toMatchObject({ op: 'add', origin: 'input', input: 1, index: 1, value: Infinity });
    expect(weight.message).toContain(
      'of add, a Parameter, at element 1; got [2] and [2] -> [2]. An earlier optimizer step wrote it',
    );
  });

  test('NaN that comes of infinities is made', () => {
    const infinite = tensor([1, Infinity]);
    const anomaly = anomalyOf(() => t.sub(infinite, infinite));
    expect(anomaly).toMatchObject({ op: 'sub', origin: 'op', index: 1 });
    expect(anomaly.message).toContain(
      'made NaN at element 1, where its inputs are Infinity and Infinity; got [2] and [2] -> [2]. NaN comes of inf',
    );
    expect(anomalyOf(() => t.sub(t.div(infinite, 2), infinite), { allowInfinity: true })).toMatchObject({
      op: 'sub',
      origin: 'op',
    });
  });

  test('says where infinities come from that NaN was made of', () => {
    const apart = () => t.sub(tensor([Infinity]), tensor([Infinity]));
    const start = 'NaN comes of infinities, as Infinity - Infinity and 0 * Infinity: ';
    expect(anomalyOf(apart).message).toContain(
      `-> [1]. ${start}check the data, and what made it before detectAnomaly began.`,
    );
    expect(anomalyOf(apart, { allowInfinity: true }).message).toContain(
      `-> [1]. ${start}find what made those, without allowInfinity.`,
    );
  });

  test('NaN of finite numbers is not taken for an overflow', () => {
    const options = { runningMean: tensor([0, 0]), runningVar: tensor([1, -1]) };
    const anomaly = anomalyOf(() => t.batchNorm(tensor([[1, 2]]), options));
    expect(anomaly).toMatchObject({ op: 'batchNorm', index: 1, value: NaN });
    expect(anomaly.message).toContain('NaN of finite numbers: an argument lies outside of what the op is defined for');
    expect(anomalyOf(() => t.mul(3e38, tensor([3]))).message).toContain('have grown too large for float32');
  });

  test('the only element, an op without inputs, and digits that can be read', () => {
    expect(anomalyOf(() => t.exp(tensor(100))).message).toContain(
      'exp made Infinity at its only element, where its input is 100; got [] -> []. exp overflows',
    );
    expect(anomalyOf(() => t.record('own', new Float32Array([1, NaN]), [2], [])).message).toContain(
      'own made NaN at element 1; got no input -> [2].',
    );
    expect(anomalyOf(() => t.exp(tensor([100.1]))).message).toContain('where its input is 100.1;');
  });

  test.each([
    ['sqrt', () => t.sqrt(tensor([-1])), 'sqrt is NaN below 0'],
    ['div', () => t.div(0, tensor([0])), 'Keep the divisor away from 0'],
    ['reciprocal', () => t.reciprocal(tensor([0])), 'Keep the divisor away from 0'],
    ['pow', () => t.pow(tensor([0]), -1), 'pow is infinite for 0 to a negative exponent'],
    ['exp', () => t.exp(tensor([99])), 'exp overflows float32 above 88.7'],
    ['sumTo (sum)', () => t.sum(tensor([3e38, 3e38])), 'Its numbers have grown too large'],
    [
      'readPlaces (slice)',
      () =>
        t.slice(tensor([[1, NaN]]), [
          [0, 1],
          [1, 2],
        ]),
      'Check the data',
    ],
    ['writePlaces (pad)', () => t.pad(tensor([NaN]), [[0, 1]]), 'Check the data'],
    // No words for these, though every object has such a property.
    ['constructor', () => t.record('constructor', Float32Array.of(Infinity), [1], []), 'Its numbers have grown'],
  ])('says what to do about %s', (name, fn, advice) => {
    const { message } = anomalyOf(fn);
    expect(message).toContain(name);
    expect(message).not.toContain('constructor (');
    expect(message).toContain(`. ${advice}`);
  });

  test('passes over inputs that were released and that the op does not read', () => {
    let released: t.Tensor = tensor([0]);
    const outer = () => {
      t.scope(() => {
        released = t.neg(t.ones([1]));
      });
      return released;
    };
    for (const name of ['own', 'add']) {
      const edges = () => [[outer(), (g: t.Tensor) => g] as const];
      const anomaly = anomalyOf(() => t.record(name, new Float32Array([NaN]), [1], edges()));
      expect(anomaly).toMatchObject({ op: name, origin: 'op', inputShapes: [[1]] });
      expect(anomaly.message).toContain(`${name} made NaN at its only element; got [1] -> [1]. NaN of finite`);
    }
  });

  test('NaN is named where infinities stand before it', () => {
    expect(anomalyOf(() => t.log(tensor([0, -1])))).toMatchObject({ op: 'log', index: 1, value: NaN });
  });

  test('what goes in and does not come out is no anomaly', () => {
    expect(detectAnomaly(() => t.exp(tensor([-Infinity, 0])).toArray())).toEqual([0, 1]);
    expect(detectAnomaly(() => t.where([true, false], tensor([1, NaN]), tensor([NaN, 2])).toArray())).toEqual([1, 2]);
  });

  test('infinities pass where they are allowed, NaN does not', () => {
    const masked = () => t.softmax(t.where([true, false], tensor([1, 2]), -Infinity));
    expect(anomalyOf(masked)).toMatchObject({ op: 'where', origin: 'input', value: -Infinity, input: 1 });
    expect(detectAnomaly(masked, { allowInfinity: true }).toArray()).toEqual([1, 0]);
    expect(anomalyOf(() => t.log(tensor([0, -1])), { allowInfinity: true })).toMatchObject({ index: 1, value: NaN });
  });

  test('sees ops inside noGrad and scope', () => {
    for (const wrap of [t.noGrad, t.scope])
      expect(anomalyOf(() => wrap(() => t.exp(parameter(tensor([1, 100])))))).toMatchObject({ op: 'exp', index: 1 });
  });

  test('a diverging training is caught where it overflows', () => {
    const layer = new t.Linear(1, 1, { random: t.createRandom(1) });
    const sgd = new t.SGD(layer, { learningRate: 10 });
    const loss = () => t.mean(t.square(t.sub(layer.forward(tensor([[3], [2]])), 1)));
    const anomaly = anomalyOf(() => {
      for (let i = 0; i < 100; i++) sgd.step(backward(loss()));
    });
    expect(anomaly).toMatchObject({ phase: 'forward', op: 'square', value: Infinity });
    expect(anomaly.message).toContain('lower the learning rate');
  });
});

describe('backward', () => {
  const distance = (a: t.Tensor, b: t.Tensor) => t.sqrt(t.sum(t.square(t.sub(a, b)), { axis: 1 }));
  const rows = tensor([
    [1, 2],
    [0, 0],
  ]);

  test.each([
    ['', (loss: t.Tensor) => backward(loss)],
    [', with createGraph', (loss: t.Tensor) => backward(loss, { createGraph: true })],
  ])('names the op whose pullback made it%s', (_, run) => {
    const a = parameter(
      tensor([
        [1, 5],
        [0, 0],
      ]),
    );
    const anomaly = anomalyOf(() => run(t.mean(distance(a, rows))));
    expect(anomaly).toMatchObject({
      phase: 'backward',
      op: 'sqrt',
      origin: 'op',
      value: Infinity,
      index: 1,
      coordinates: [1],
      input: 0,
      inputShapes: [[2]],
    });
    expect(anomaly.message).toContain(
      'detectAnomaly: in backward sqrt made Infinity in the gradient of input 0 at element 1, where its input is 0; got [2] -> [2] and a finite gradient of the result. The slope of sqrt is infinite at 0: for lengths and distances take norm, euclidean',
    );
    expect(anomaly.cause).toBeInstanceOf(Error);
    expect(anomaly.cause instanceof Error ? anomaly.cause.stack : '').toMatch(/sqrt was called here[\s\S]*distance/);
  });

  test('inside a scope, which recycles gradients', () => {
    const a = parameter(t.full([64, 2], 1));
    expect(anomalyOf(() => t.scope(() => backward(t.mean(distance(a, t.ones([64, 2]))))))).toMatchObject({
      op: 'sqrt',
      index: 0,
    });
    const apart = () => t.scope(() => backward(t.mean(distance(a, t.zeros([64, 2])))));
    expect(detectAnomaly(apart).get(a).toArray()).toEqual(apart().get(a).toArray());
  });

  test('counts the inputs that need no gradient too', () => {
    const small = t.mul(parameter(tensor([1e-20])), 1e10);
    const anomaly = anomalyOf(() => backward(t.sum(t.mul(1e5, t.mul(tensor([3e38]), small)))));
    expect(anomaly).toMatchObject({ phase: 'backward', op: 'mul', input: 1, inputShapes: [[1], [1]] });
  });

  test('a pullback of the caller is named, whatever it is made of', () => {
    const x = parameter(tensor([2, 0]));
    const half = t.record('half', new Float32Array([1, 0]), [2], [[x, (g) => t.div(g, x)]]);
    const anomaly = anomalyOf(() => backward(t.sum(half)));
    expect(anomaly).toMatchObject({
      phase: 'backward',
      op: 'half',
      origin: 'op',
      index: 1,
      input: 0,
      inputShapes: [[2]],
    });
  });

  test('an op that takes a tensor twice: which of the two', () => {
    const x = parameter(tensor([2]));
    const edges = [tensor([1]), x, x].map((input, i) => [input, (g: t.Tensor) => t.mul(g, i === 2 ? NaN : 1)] as const);
    const twice = () => t.sum(t.record('twice', new Float32Array([1]), [1], edges));
    const anomaly = anomalyOf(() => backward(twice()));
    expect(anomaly).toMatchObject({ op: 'twice', input: 2, inputShapes: [[1], [1], [1]] });
    expect(anomaly.message).toContain('NaN of finite numbers');
    // Of an op that ran before only the inputs are known that need a gradient.
    const loss = twice();
    expect(anomalyOf(() => backward(loss))).toMatchObject({ op: 'twice', input: 1, inputShapes: [[1], [1]] });
  });

  test('what a pullback has on the way and does not return is no anomaly', () => {
    const x = parameter(tensor([0]));
    const safe = t.record('safe', new Float32Array([0]), [1], [[x, (g) => t.where([false], t.div(g, x), 0)]]);
    expect(detectAnomaly(() => backward(t.sum(safe)).get(x).toArray())).toEqual([0]);
  });

  test.each([
    ['log', () => t.log(parameter(tensor([1e-40]))), 'The slope of log is infinite at 0'],
    ['reciprocal', () => t.reciprocal(parameter(tensor([1e-30]))), 'Keep the divisor away from 0'],
    ['pow', () => t.pow(parameter(tensor([0])), 0.5), 'The slope of pow with an exponent below 1 is infinite at 0'],
    ['toString', () => own('toString', Infinity), 'Its numbers have grown too large'],
    ['own', () => own('own', NaN), 'NaN of finite numbers'],
  ])('says what to do about %s', (op, fn, advice) => {
    const anomaly = anomalyOf(() => backward(t.sum(fn())));
    expect(anomaly).toMatchObject({ phase: 'backward', op });
    expect(anomaly.message).toContain(`finite gradient of the result. ${advice}`);
  });

  /** An op whose gradient is what is said. */
  function own(name: string, slope: number): t.Tensor {
    return t.record(name, Float32Array.of(1), [1], [[parameter(tensor([1])), () => tensor([slope])]]);
  }

  test('nor is what a pullback differentiates on the way', () => {
    const x = parameter(tensor([0]));
    const slope = (g: t.Tensor) => t.where([false], pullThrough(t.sqrt, [tensor([0])], 0, g), 0);
    const safe = t.record('safe', new Float32Array([0]), [1], [[x, slope]]);
    expect(detectAnomaly(() => backward(t.sum(safe)).get(x).toArray())).toEqual([0]);
  });

  test('NaN of an infinite gradient, where infinities are allowed', () => {
    const w = parameter(tensor([1]));
    const anomaly = anomalyOf(() => backward(t.sum(t.sqrt(t.mul(w, 0)))), { allowInfinity: true });
    expect(anomaly).toMatchObject({ op: 'mul', input: 0, origin: 'op', value: NaN });
    expect(anomaly.message).toContain('and a gradient that is not finite of the result. ');
  });

  test('operands are not told where they lie in another shape than the gradient', () => {
    const b = parameter(tensor([1, 1e-30]));
    const rows = tensor([
      [1, 0],
      [1, 1e-20],
    ]);
    const anomaly = anomalyOf(() => backward(t.sum(t.div(rows, b))));
    expect(anomaly).toMatchObject({ op: 'div', input: 1, index: 1 });
    expect(anomaly.message).toContain(
      'at element 1; got [2, 2] and [2] -> [2, 2] and a finite gradient of the result. Keep the divisor',
    );
  });

  test('gradients that overflow as they add up', () => {
    const x = parameter(tensor([1e-30]));
    const twice = () => backward(t.sum(t.add(t.mul(x, 3e38), t.mul(x, 3e38))));
    for (const wrap of [(fn: () => t.Gradients) => fn(), t.scope<t.Gradients>])
      expect(anomalyOf(() => wrap(twice))).toMatchObject({ phase: 'backward', op: 'accumulate', value: Infinity });
    expect(anomalyOf(twice).message).toContain(
      'the gradients of a tensor that was used more than once add up to Infinity',
    );
  });

  test('a graph that was made before says where to look', () => {
    const loss = t.mean(t.log(parameter(tensor([3, 0]))));
    const anomaly = anomalyOf(() => backward(loss));
    expect(anomaly).toMatchObject({
      phase: 'backward',
      op: 'log',
      origin: 'input',
      index: 1,
      input: 0,
    });
    expect(anomaly.cause).toBeUndefined();
    expect(anomaly.message).toContain(
      'Its result holds -Infinity since the forward pass: run that inside detectAnomaly too.',
    );
  });

  test('of a second derivative', () => {
    const x = parameter(tensor([0]));
    // x^1.5 has the slope 0 at 0, and an infinite curvature.
    const slope = () => backward(t.sum(t.pow(x, 1.5)), { createGraph: true }).get(x);
    expect(detectAnomaly(() => slope().toArray())).toEqual([0]);
    expect(anomalyOf(() => backward(t.sum(slope())))).toMatchObject({ phase: 'backward', value: Infinity });
  });
});

describe('around fn', () => {
  const overflow = () => t.exp(tensor([100])).item();

  test('the result and errors pass through, and the watch ends', () => {
    expect(detectAnomaly(() => 'result')).toBe('result');
    expect(() =>
      detectAnomaly(() => {
        throw new TypeError('own');
      }),
    ).toThrow(new TypeError('own'));
    anomalyOf(overflow);
    expect(overflow()).toBe(Infinity);
  });

  test('may be nested, each with its own option', () => {
    const inner = () => detectAnomaly(overflow, { allowInfinity: true });
    expect(detectAnomaly(inner)).toBe(Infinity);
    expect(
      anomalyOf(() => {
        inner();
        return t.exp(tensor([1, 101]));
      }),
    ).toMatchObject({ op: 'exp', index: 1 });
    expect(anomalyOf(() => detectAnomaly(overflow), { allowInfinity: true })).toMatchObject({ op: 'exp', index: 0 });
  });

  test('recording stays as it is', () => {
    const x = parameter(tensor([2]));
    expect(detectAnomaly(() => t.square(x)).node?.name).toBe('square');
    expect(t.noGrad(() => detectAnomaly(() => t.square(x))).node).toBeUndefined();
  });

  test('a generator is refused, whose body would run later', () => {
    function* later(): Generator<t.Tensor> {
      yield t.exp(tensor([100]));
    }
    for (const [name, call] of Object.entries({ detectAnomaly, noGrad: t.noGrad })) {
      expect(() => call(later)).toThrow(
        new TypeError(
          `${name}: the function returned a generator, which has not begun to run. Take its values inside, as in [...generator].`,
        ),
      );
    }
    expect(t.noGrad(() => [...later()].length)).toBe(1);
    expect([...t.noGrad(() => [1, 2].values())]).toEqual([1, 2]);
    expect(t.noGrad(() => null)).toBeNull();
  });

  test('a promise is refused', () => {
    expect(() => detectAnomaly(async () => 1)).toThrow(
      new TypeError(
        'detectAnomaly: the function returned a promise. It must be synchronous; await outside and pass the values in.',
      ),
    );
    expect(overflow()).toBe(Infinity);
  });
});

describe('every op', () => {
  /** Comparisons and the like give 0 and 1, whatever comes in, and are not looked at. */
  const UNSEEN = ['equal', 'notEqual', 'less', 'lessEqual', 'greater', 'greaterEqual', 'oneHot', 'argMax', 'argMin'];

  /** What is made while `fn` runs, as the watch sees it. */
  function madeBy(fn: () => t.Tensor): { readonly seen: Set<Float32Array>; readonly out: t.Tensor } {
    const seen = new Set<Float32Array>();
    const made = (out: t.Tensor): void => {
      seen.add(out.data);
    };
    return { out: watched({ made, pull: (_, [, pullback], g) => pullback(g) }, () => t.noGrad(fn)), seen };
  }

  test.each(Object.entries(opTable))(
    '%s is seen inside noGrad, and is no anomaly on ordinary numbers',
    (name, { cases, noGradient }) => {
      for (const { inputs, fn } of cases) {
        const { out, seen } = madeBy(() => fn(...inputs));
        const passedOn = inputs.some((x) => x.data === out.data);
        if (!UNSEEN.includes(name)) expect(passedOn || seen.has(out.data)).toBe(true);
        else expect([...out.data].every((v) => Number.isInteger(v))).toBe(true);
        if ([...out.data].some((v) => !Number.isFinite(v))) continue;
        for (const createGraph of [false, true]) {
          detectAnomaly(() => {
            const y = fn(...inputs.map(parameter));
            if (noGradient === undefined && y.node !== undefined) backward(t.sum(y), { createGraph });
          });
        }
      }
    },
  );

  test('recurrent layers and masked attention', () => {
    const random = t.createRandom(1);
    const x = tensor(random.fillNormal(new Float32Array(30), 0, 1), [2, 5, 3]);
    const attend = new t.MultiHeadAttention(3, 1, { random });
    for (const layer of [new t.GRU(3, 4, { random }), new t.LSTM(3, 4, { random })]) {
      const { out, seen } = madeBy(() => layer.run(x).output);
      expect(seen.has(out.data)).toBe(true);
      detectAnomaly(() => backward(t.sum(layer.run(x, { lengths: [5, 2] }).output)));
    }
    for (const createGraph of [false, true]) {
      detectAnomaly(() => {
        const mask = tensor([[[1, 0, 0, 0, 0]], [[0, 0, 0, 0, 0]]]);
        backward(t.sum(t.square(attend.attend(x, x, x, { mask, causal: true }))), { createGraph });
      });
    }
  });
});
