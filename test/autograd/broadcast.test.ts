import { expect, test } from 'vitest';
import { broadcast } from '../../src/autograd/ops/broadcast.ts';
import { zeros } from '../../src/tensor/create.ts';

/** Shapes of a and b; rows and columns of the loop; the steps of a and of b by row and column. */
test.each([
  ['equal shapes', [2, 3], [2, 3], [1, 6], [6, 1], [6, 1]],
  ['a scalar', [2, 3], [], [1, 6], [6, 1], [0, 0]],
  ['one number of rank 2, before', [1, 1], [2, 3], [1, 6], [0, 0], [6, 1]],
  ['a row', [2, 3], [3], [2, 3], [3, 1], [0, 1]],
  ['a row with leading 1s, before', [1, 3], [2, 3], [2, 3], [0, 1], [3, 1]],
  ['two last axes', [2, 3, 4], [3, 4], [2, 12], [12, 1], [0, 1]],
  ['a column', [2, 3], [2, 1], [2, 3], [3, 1], [1, 0]],
  ['a column, before', [2, 1], [2, 3], [2, 3], [1, 0], [3, 1]],
  ['two first axes', [2, 3, 4], [2, 3, 1], [6, 4], [4, 1], [1, 0]],
  ['a first axis of rank 3', [2, 3, 4], [2, 1, 1], [2, 12], [12, 1], [1, 0]],
  ['a row and a column', [3], [2, 1], [2, 3], [0, 1], [1, 0]],
  ['a column and a row', [2, 1], [1, 3], [2, 3], [1, 0], [0, 1]],
])('%s are read in place', (_, left, right, loop, aSteps, bSteps) => {
  const [a, b] = [zeros(left), zeros(right)];
  const found = broadcast('add', a, b);
  expect([found.rows, found.columns]).toEqual(loop);
  expect([found.aRow, found.aColumn]).toEqual(aSteps);
  expect([found.bRow, found.bColumn]).toEqual(bSteps);
  expect(found.a).toBe(a);
  expect(found.b).toBe(b);
});

test.each([
  ['a middle axis', [2, 3, 4], [3, 1]],
  ['a column of lower rank than its axis', [2, 2, 4], [2, 1]],
  ['the first axis and the last', [2, 3, 2], [2, 1, 2]],
  ['a row that is no column', [3, 3, 2], [3, 1]],
])('%s is expanded', (_, left, right) => {
  const [a, b] = [zeros(left), zeros(right)];
  const found = broadcast('add', a, b);
  expect(found.a).toBe(a);
  expect(found.b.shape).toEqual(left);
  expect([found.bRow, found.bColumn]).toEqual([found.columns, 1]);
});
