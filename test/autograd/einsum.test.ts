import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backward, einsum, parameter, sum, type Tensor, tensor } from '../../src/portable.ts';
import { createRandom } from '../../src/tensor/random.ts';

/** What an operand's axes are called, each letter with the length it has there. */
interface Operand {
  readonly letters: readonly string[];
  /** Where its ellipsis stands, and how many axes that has. */
  readonly ellipsis: readonly [at: number, axes: number] | undefined;
  /** Letters and axes of the ellipsis that have length 1 in this operand. */
  readonly ones: ReadonlySet<string>;
}

const LENGTHS: Readonly<Record<string, number>> = { a: 2, b: 3, C: 2, d: 1, '0': 2, '1': 3 };

const operand: fc.Arbitrary<Operand> = fc.record({
  letters: fc.array(fc.constantFrom('a', 'b', 'C', 'd'), { maxLength: 3 }),
  ellipsis: fc.option(fc.tuple(fc.nat(3), fc.nat(2)), { nil: undefined }),
  ones: fc.subarray(['a', 'b', 'C', '0', '1'], { maxLength: 1 }).map((letters) => new Set(letters)),
});

/** The labels of an operand, those of an ellipsis counted from the right. */
function labelsOf({ letters, ellipsis }: Operand): string[] {
  if (ellipsis === undefined) return [...letters];
  const places = ['1', '0'].slice(2 - ellipsis[1]);
  return [...letters.slice(0, ellipsis[0]), ...places, ...letters.slice(ellipsis[0])];
}

function termOf({ letters, ellipsis }: Operand): string {
  return ellipsis === undefined
    ? letters.join('')
    : `${letters.slice(0, ellipsis[0]).join('')}...${letters.slice(ellipsis[0]).join('')}`;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** The definition: every combination of values of the labels adds one product to one element. */
function definition(
  terms: readonly (readonly string[])[],
  output: readonly string[],
  xs: readonly Tensor[],
): { readonly shape: number[]; readonly data: number[] } {
  const lengths = new Map<string, number>();
  for (const [i, term] of terms.entries())
    for (const [axis, label] of term.entries())
      lengths.set(label, Math.max(lengths.get(label) ?? 1, xs[i].shape[axis]));
  const labels = [...lengths.keys()];
  const shape = output.map((label) => lengths.get(label) ?? 1);
  const data = new Array<number>(sizeOf(shape)).fill(0);
  const offset = (term: readonly string[], of: readonly number[], at: ReadonlyMap<string, number>) =>
    term.reduce((o, label, axis) => o * of[axis] + (of[axis] === 1 ? 0 : (at.get(label) ?? 0)), 0);
  for (let n = 0; n < sizeOf([...lengths.values()]); n++) {
    const at = new Map<string, number>();
    let rest = n;
    for (const label of labels) {
      const length = lengths.get(label) ?? 1;
      at.set(label, rest % length);
      rest = Math.floor(rest / length);
    }
    data[offset(output, shape, at)] += xs.reduce((p, x, i) => p * x.data[offset(terms[i], x.shape, at)], 1);
  }
  return { shape, data };
}

describe('einsum', () => {
  test('is the sum of products that its equation says', () => {
    fc.assert(
      fc.property(
        fc.array(operand, { minLength: 1, maxLength: 3 }),
        fc.nat(),
        fc.constantFrom('implicit', 'explicit'),
        (operands, seed, kind) => {
          const random = createRandom(seed);
          const terms = operands.map(labelsOf);
          const xs = terms.map((term, i) => {
            const shape = term.map((label) => (operands[i].ones.has(label) ? 1 : LENGTHS[label]));
            return tensor(random.fork(i).fillNormal(new Float32Array(sizeOf(shape)), 0, 1), shape);
          });
          const letters = [...new Set(operands.flatMap((o) => o.letters))].sort();
          const places = ['1', '0'].filter((place) => terms.some((term) => term.includes(place)));
          const all = operands.flatMap((o) => o.letters);
          // The explicit result: some of the letters in random order, and the ellipsis now and then.
          const chosen = Array.from(random.fork('order').permutation(letters.length), (i) => letters[i]).filter(
            (_, i) => (seed >> i) % 2 === 0,
          );
          const withPlaces = seed % 3 > 0;
          const [right, output] =
            kind === 'implicit'
              ? ['', [...places, ...letters.filter((l) => all.filter((m) => m === l).length === 1)]]
              : [`->${chosen.join('')}${withPlaces ? '...' : ''}`, [...chosen, ...(withPlaces ? places : [])]];
          const equation = `${operands.map(termOf).join(',')}${right}`;
          const expected = definition(terms, output, xs);
          const y = einsum(equation, ...xs);
          expect(y.shape, equation).toEqual(expected.shape);
          for (const [i, want] of expected.data.entries()) expect(y.data[i], equation).toBeCloseTo(want, 4);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('gives every operand its gradient, one that is met twice too', () => {
    const x = parameter(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    // The trace of x x^T is the sum of squares.
    expect(
      backward(einsum('ij,ij->', x, x))
        .get(x)
        .toArray(),
    ).toEqual([
      [2, 4],
      [6, 8],
    ]);
    expect(
      backward(sum(einsum('ii->i', x)))
        .get(x)
        .toArray(),
    ).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });
});
