import { describe, expect, test } from 'vitest';
import {
  angularLoss,
  backward,
  batchContrastiveLoss,
  batchTripletLoss,
  circleLoss,
  detectAnomaly,
  liftedStructureLoss,
  marginLoss,
  multiSimilarityLoss,
  ncaLoss,
  parameter,
  sum,
  supConLoss,
  Tensor,
} from '../../src/portable.ts';
import { families } from '../autograd/opTable.ts';
import { isEmpty, type Row } from '../autograd/table/row.ts';

const { losses, batchLosses, classLosses, viewLosses } = families;
const cases = Object.entries<Row>({ ...losses, ...batchLosses, ...classLosses, ...viewLosses }).flatMap(
  ([name, { cases: all }]) => all.filter((c) => !isEmpty(c)).map((c) => [`${name}, ${c.name}`, c] as const),
);

// A mask within a loss is no mistake: -Infinity laid over what does not count would be called one.
describe('detectAnomaly finds nothing in a loss of finite embeddings', () => {
  test.each(cases)('%s', (_, { fn, inputs }) => {
    const leaves = inputs.map((x) => parameter(x));
    const loss = detectAnomaly(() => {
      const result = sum(fn(...leaves));
      if (result.node !== undefined) backward(result);
      return result;
    });
    expect(Number.isFinite(loss.item())).toBe(true);
  });
});

describe.each(
  [
    angularLoss,
    batchContrastiveLoss,
    batchTripletLoss,
    circleLoss,
    liftedStructureLoss,
    marginLoss,
    multiSimilarityLoss,
    ncaLoss,
    supConLoss,
  ].map((loss) => [loss.name, loss] as const),
)('nor in %s', (_, loss) => {
  test.each([
    ['one row', [[3, 4]], [0]],
    [
      'one class',
      [
        [3, 4],
        [4, -3],
        [1, 0],
      ],
      [0, 0, 0],
    ],
    [
      'each row of a class of its own',
      [
        [3, 4],
        [4, -3],
        [1, 0],
      ],
      [0, 1, 2],
    ],
    ['no row', [], []],
  ])('of %s', (_case, rows, labels) => {
    const e = parameter(new Tensor(Float32Array.from(rows.flat()), [labels.length, 2]));
    const value = detectAnomaly(() => {
      const result = loss(e, labels);
      if (result.node !== undefined) backward(result);
      return result;
    });
    expect(Number.isFinite(value.item())).toBe(true);
  });
});
