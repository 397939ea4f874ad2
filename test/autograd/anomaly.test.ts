import { describe, expect, test } from 'vitest';
import { AnomalyError, detectAnomaly } from '../../src/autograd/anomaly.ts';
import { watched } from '../../src/autograd/tape.ts';
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

  test('what a pullback has on the way and does not return is no anomaly', () => {
    const x = parameter(tensor([0]));
    const safe = t.record('safe', new Float32Array([0]), [1], [[x, (g) => t.where([false], t.div(g, x), 0)]]);
    expect(detectAnomaly(() => backward(t.sum(safe)).get(x).toArray())).toEqual([0]);
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
