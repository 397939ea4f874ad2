import { describe, expect, test } from 'vitest';
import { backward, detectAnomaly, parameter, sum } from '../../src/portable.ts';
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
