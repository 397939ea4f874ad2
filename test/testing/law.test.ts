import { integer, pre } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ones, tensor } from '../../src/tensor/create.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { tensors } from '../../src/testing/arbitraries.ts';
import { brokenLaws, checkLaws, defineLaw, LawError } from '../../src/testing/law.ts';
import { errorOf } from '../errors.ts';

const below = (limit: number) =>
  defineLaw({
    ...{ subject: 'myOp', name: `below ${limit}`, statement: `no element is ${limit} or more` },
    inputs: tensors({ shape: [1], min: 0, max: 4 }).map((x) => ({ x })),
    violation: ({ x }) => (x.data.some((v) => v >= limit) ? `the largest is ${Math.max(...x.data)}.` : undefined),
  });
const options = { seed: 7, numRuns: 200 };

describe('a law that holds', () => {
  test('is silent', () => {
    expect(brokenLaws([below(5)], options)).toEqual([]);
    checkLaws([below(5)], options);
  });

  test('is run as often as asked, 100 times by default', () => {
    let runs = 0;
    const counting = defineLaw({
      ...{ subject: 'x', name: 'counted', statement: 'it is counted' },
      inputs: tensors().map((x) => ({ x })),
      violation: () => {
        runs++;
        return undefined;
      },
    });
    checkLaws([counting], { numRuns: 7 });
    expect(runs).toBe(7);
    checkLaws([counting]);
    expect(runs).toBe(107);
  });
});

describe('a law that is broken', () => {
  const error = errorOf(LawError, () => checkLaws([below(2), below(5), below(3)], options));

  test('is named with the others, and told in words with the shrunk input and what repeats it', () => {
    const [first, second] = error.failures;
    expect(error.failures.map(({ law }) => law.name)).toEqual(['below 2', 'below 3']);
    expect(error.message).toBe(`2 of 3 laws do not hold.

myOp breaks the law 'below 2': no element is 2 or more.
Seen: the largest is 2.
Inputs (made smaller ${first.shrinks} times):
  x = tensor([2])
Again with: {"law":"below 2","seed":7,"path":"${first.path}"}

myOp breaks the law 'below 3': no element is 3 or more.
Seen: the largest is 3.
Inputs (made smaller ${second.shrinks} times):
  x = tensor([3])
Again with: {"law":"below 3","seed":7,"path":"${second.path}"}`);
    expect(error.name).toBe('LawError');
    expect(first.shrinks).toBeGreaterThan(0);
  });

  test('is repeated at once by seed and path', () => {
    const [{ seed, path }] = error.failures;
    const seen: string[] = [];
    const watched = defineLaw({
      ...{ subject: 'myOp', name: 'below 2', statement: 'no element is 2 or more' },
      inputs: tensors({ shape: [1], min: 0, max: 4 }).map((x) => ({ x })),
      violation: ({ x }) => {
        seen.push(String(x));
        return x.data.some((v) => v >= 2) ? `the largest is ${Math.max(...x.data)}.` : undefined;
      },
    });
    const [failure] = brokenLaws([watched], { seed, path });
    expect(failure.seen).toBe('the largest is 2.');
    expect(seen[0]).toBe('Tensor [1] [2]');
  });

  test('one of one is said so', () => {
    expect(errorOf(LawError, () => checkLaws([below(2)], options)).message).toMatch(/^1 of 1 laws does not hold\.\n/);
  });
});

describe('what a failure says under Again with', () => {
  test('runs that law alone among several, from that input on', () => {
    const laws = [below(2), below(5), below(3)];
    const { message } = errorOf(LawError, () => checkLaws(laws, options));
    const pasted = message.split('Again with: ')[2];
    const again = errorOf(LawError, () => checkLaws(laws, JSON.parse(pasted)));
    expect(again.failures.map(({ law }) => law.name)).toEqual(['below 3']);
    expect(again.message).toMatch(
      /^1 of 1 laws does not hold\.\n\nmyOp breaks the law 'below 3'.*\nSeen: the largest is 3\./,
    );
    // From the smallest input on: there is no smaller one.
    expect(again.failures[0].shrinks).toBe(0);
  });

  test('names a law that there is, and has a path of one law', () => {
    const laws = [below(2), below(5)];
    expect(errorOf(RangeError, () => checkLaws(laws, { law: 'below 3' })).message).toBe(
      "checkLaws: there is no law 'below 3'. The laws are 'below 2', 'below 5'.",
    );
    expect(errorOf(TypeError, () => brokenLaws(laws, { seed: 1, path: '0' })).message).toBe(
      'brokenLaws: a path is of one law; got 2 laws. Pass its name as law, or it alone.',
    );
    expect(brokenLaws(laws, { law: 'below 5' })).toEqual([]);
    expect(brokenLaws(laws, { law: 'below 2' }).length).toBe(1);
  });
});

test.each([
  [{ numRuns: 0 }, 'law: numRuns must be an integer of at least 1; got 0. Pass how many inputs to draw.'],
  [{ numRuns: 1.5 }, 'law: numRuns must be an integer of at least 1; got 1.5. Pass how many inputs to draw.'],
  [{ seed: Number.NaN }, 'law: seed must be an integer; got NaN. Pass the one that a failure told.'],
  [
    { path: '0:1' },
    "law: path must be numbers and colons, with their seed; got '0:1', seed undefined. Pass both as a failure told.",
  ],
  [
    { seed: 1, path: 'x' },
    "law: path must be numbers and colons, with their seed; got 'x', seed 1. Pass both as a failure told.",
  ],
])('options out of range are refused, not run: %j', (wrong, message) => {
  expect(errorOf(RangeError, () => below(5).findFailure(wrong)).message).toBe(message);
});

test('options of undefined are the defaults', () => {
  const undefineds = { numRuns: undefined, seed: undefined, path: undefined, law: undefined };
  expect(brokenLaws([below(5)], undefineds)).toEqual([]);
});

test('a violation must be words', () => {
  const law = defineLaw({
    ...{ subject: 'myOp', name: 'later', statement: 'it is said later' },
    inputs: tensors({ shape: [1] }),
    // @ts-expect-error: as plain JavaScript may write it.
    violation: () => Promise.resolve('wrong'),
  });
  const [{ seen, inputs }] = brokenLaws([law], options);
  expect(seen).toBe(
    'it threw TypeError: defineLaw: violation must give words or undefined; got [object Promise]. It must not be async.',
  );
  expect(inputs).toEqual({ input: expect.any(Tensor) });
});

test('an error of the subject is a failure, with its message', () => {
  const throwing = defineLaw({
    ...{ subject: 'myOp', name: 'calm', statement: 'nothing is thrown' },
    inputs: tensors({ shape: [1] }).map((x) => ({ x })),
    violation: ({ x }) => {
      if (x.item() >= 1) throw new RangeError('myOp: too much.');
      return undefined;
    },
  });
  const [failure] = brokenLaws([throwing], options);
  expect(failure.seen).toBe('it threw RangeError: myOp: too much.');
  expect(failure.inputs).toMatchObject({ x: { shape: [1] } });
});

test('inputs that never fit are a failure, not a success', () => {
  const never = defineLaw({
    ...{ subject: 'myOp', name: 'never', statement: 'it never comes to this' },
    inputs: integer().map((n) => ({ n })),
    violation: () => {
      pre(false);
      return undefined;
    },
  });
  const [failure] = brokenLaws([never], { numRuns: 5 });
  expect(failure.seen).toMatch(/^too few inputs fit: \d+ were drawn and passed over\.$/);
  expect(failure.inputs).toBeUndefined();
  expect(() => checkLaws([never], { numRuns: 5 })).toThrow(/passed over\.\nAgain with: \{"law":"never","seed":/);
});

test('inputs are shown as code that makes them again', () => {
  const shown = {
    numbers: tensor([
      [0.1, -0],
      [Number.NaN, 1e-45],
    ]),
    none: new Tensor(new Float32Array(0), [0, 3]),
    labels: Int32Array.of(1, 2),
    flags: [true, false],
    word: 'margin',
    margin: 0.5,
  };
  const law = defineLaw({
    ...{ subject: 'myOp', name: 'none', statement: 'there is none' },
    inputs: integer().map(() => shown),
    violation: () => 'there is.',
  });
  expect(errorOf(LawError, () => checkLaws([law], options)).message).toContain(`
  numbers = tensor([[0.1, -0], [NaN, 1e-45]])
  none = zeros([0, 3])
  labels = Int32Array.of(1, 2)
  flags = [true, false]
  word = "margin"
  margin = 0.5
Again`);
});

test('an input may be shown by other names', () => {
  const law = defineLaw({
    ...{ subject: 'myOp', name: 'none', statement: 'there is none' },
    inputs: integer().map(() => ({ inside: 1 })),
    violation: () => 'there is.',
    show: ({ inside }) => ({ outside: ones([inside]) }),
  });
  expect(errorOf(LawError, () => checkLaws([law], options)).message).toContain('\n  outside = tensor([1])\nAgain');
});

test('no laws are no success', () => {
  expect(errorOf(TypeError, () => checkLaws([])).message).toBe(
    'checkLaws: there are no laws to check. Pass at least one.',
  );
});
