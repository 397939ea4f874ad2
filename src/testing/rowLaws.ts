import { type Arbitrary, nat, tuple } from 'fast-check';
import type { Input } from '../nn/module.ts';
import { IntTensor } from '../tensor/intTensor.ts';
import { createRandom } from '../tensor/random.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { defineLaw, type Inputs, type Law } from './law.ts';

/**
 * The laws about rows: that one does not see its batch, and that their order does not matter. `batched` are the inputs
 * that hold the batch on their first axis, as the output does.
 */
export function rowLaws<X extends Input>(
  subject: string,
  fn: (inputs: readonly X[]) => Tensor,
  inputs: Arbitrary<readonly X[]>,
  batched: readonly number[],
  show: (inputs: readonly X[]) => Inputs,
): Law[] {
  const rows = (xs: readonly X[]) => xs[batched[0]].shape[0];
  const picked = (xs: readonly X[], positions: readonly number[]) =>
    xs.map((x, i) => (batched.includes(i) ? rowsOf(x, positions) : x));
  return [
    defineLaw({
      subject,
      name: 'batch invariance',
      statement: 'a row alone gives the same bits as among others',
      inputs,
      show,
      violation: (xs) => {
        const whole = fn(xs);
        for (let row = 0; row < rows(xs); row++) {
          const other = otherBits(fn(picked(xs, [row])), rowsOf(whole, [row]));
          if (other !== undefined) return `row ${row} alone differs from what it is in the batch, ${other}.`;
        }
        return undefined;
      },
    }),
    defineLaw({
      subject,
      name: 'permuted batch',
      statement: 'rows in another order give the same bits in that order',
      inputs: withOrder(inputs, rows),
      show: ({ input, order }) => ({ ...show(input), order }),
      violation: ({ input: xs, order }) => {
        const other = otherBits(fn(picked(xs, order)), rowsOf(fn(xs), order));
        return other && `in the order [${order.join(', ')}] the rows differ from what they are in their own, ${other}.`;
      },
    }),
  ];
}

/** An input, and an order of its rows, of which it has `count`. */
function withOrder<T>(
  inputs: Arbitrary<T>,
  count: (input: T) => number,
): Arbitrary<{ readonly input: T; readonly order: readonly number[] }> {
  // The order is drawn as a number, so that inputs shrink on their own.
  return tuple(inputs, nat()).map(([input, number]) => ({
    input,
    order: Array.from(createRandom(number).permutation(count(input))),
  }));
}

/** Some entries of the first axis, in the order of their positions. */
function rowsOf<T extends Input>(x: T, positions: readonly number[]): T;
function rowsOf(x: Input, positions: readonly number[]): Input {
  const width = x.shape[0] === 0 ? 0 : x.size / x.shape[0];
  const shape = [positions.length, ...x.shape.slice(1)];
  const fill = <A extends Float32Array | Int32Array>(from: A, to: A): A => {
    positions.forEach((position, i) => {
      to.set(from.subarray(position * width, (position + 1) * width), i * width);
    });
    return to;
  };
  const size = positions.length * width;
  return x instanceof IntTensor
    ? new IntTensor(fill(x.data, new Int32Array(size)), shape)
    : new Tensor(fill(x.data, new Float32Array(size)), shape);
}

/** Where two tensors that must have the same bits differ, in words; NaN is NaN, and 0 is not -0. */
export function otherBits(actual: Tensor, expected: Tensor): string | undefined {
  if (!sameShape(actual.shape, expected.shape))
    return `shape ${formatShape(actual.shape)} for ${formatShape(expected.shape)}`;
  const index = actual.data.findIndex((value, i) => !Object.is(value, expected.data[i]));
  return index < 0 ? undefined : `element ${index}: ${say(actual.data[index])} for ${say(expected.data[index])}`;
}

/** Whether an array still holds what it held. */
export function sameNumbers(now: ArrayLike<number>, before: ArrayLike<number>): boolean {
  for (let i = 0; i < before.length; i++) if (!Object.is(now[i], before[i])) return false;
  return now.length === before.length;
}

/** Numbers as they are: 0 and -0 are told apart. */
function say(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
