import { type Arbitrary, constantFrom, integer, tuple } from 'fast-check';
import type { Metric } from '../autograd/ops/pairwiseDistances.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type EmbeddingOptions, GEOMETRIES, type Geometry } from './embeddings.ts';
import { SPACES, type Space } from './spaces.ts';

/** A property of an input. */
export type NameIn<I> = keyof I & string;

/** What losses of one kind take, and how the laws draw and move it. The laws themselves are those of `lossLaws`. */
export interface LossKind<I extends object> {
  /** The properties that hold embeddings, tensors `[N, D]`: the loss is differentiated with respect to them. */
  readonly embeddings: readonly NameIn<I>[];
  /** The properties with an entry for each item of the batch, tensors or arrays: those that another order reorders. */
  readonly items: readonly NameIn<I>[];
  /** Two properties that may be swapped. */
  readonly twins?: readonly [NameIn<I>, NameIn<I>] | undefined;
  /** Any input whose embeddings lie as the options say. */
  readonly inputs: (options: EmbeddingOptions) => Arbitrary<I>;
  /** Changes of an input that the loss must follow in one direction. */
  readonly moves?: readonly DirectedMoves<I>[] | undefined;
  /** Inputs that must cost nothing; undefined where the setting knows none (without a margin). */
  readonly satisfied?: ((setting: LossSetting) => Arbitrary<I> | undefined) | undefined;
  /** Inputs that must cost something. */
  readonly violated?: ((setting: LossSetting) => Arbitrary<I> | undefined) | undefined;
  /** Inputs of one item, and what a step against the gradient must change. */
  readonly steps?: ((setting: LossSetting) => Arbitrary<Step<I>> | undefined) | undefined;
  /** What `satisfied`, `violated` and `steps` are, in words. */
  readonly words?: { readonly satisfied: string; readonly violated: string; readonly step: string } | undefined;
}

/** What the distances of a loss are. */
export interface LossSetting {
  readonly metric: Metric;
  readonly space: Space;
  readonly margin: number | undefined;
  /** About how large the distances are that matter: the margin, else 1. */
  readonly unit: number;
}

/** A law of direction: what is done to an input, and which way the loss must not go. */
export interface DirectedMoves<I> {
  readonly law: string;
  readonly statement: string;
  /** What the loss must not do. */
  readonly never: 'rise' | 'fall';
  readonly draw: (setting: LossSetting) => Arbitrary<Move<I>>;
}

/** An input before and after a move. */
export interface Move<I> {
  readonly before: I;
  readonly after: I;
  /** What was done, as in `row 0 of b moved halfway to row 0 of a`. */
  readonly moved: string;
}

/** One item that costs something, and the number that a small step against the gradient must change in one direction. */
export interface Step<I> {
  readonly input: I;
  readonly measure: (input: I) => number;
  readonly wanted: 'smaller' | 'larger';
  /** What the number is, as in `the distance of a same pair`. */
  readonly what: string;
}

/** Throws: RangeError for a margin that is not positive or that the metric cannot reach. */
export function settingOf(caller: string, metric: Metric, margin: number | undefined): LossSetting {
  if (!Object.hasOwn(SPACES, metric))
    throw new RangeError(`${caller}: unknown metric '${String(metric)}'. Use ${Object.keys(SPACES).join(', ')}.`);
  const space = SPACES[metric];
  if (margin !== undefined && !(margin > 0 && margin < Infinity && margin <= space.bound)) {
    throw new RangeError(
      `${caller}: margin must be a distance above 0 that ${metric} reaches; got ${margin}. Pass the distance from which a different pair costs nothing.`,
    );
  }
  return { metric, space, margin, unit: margin ?? 1 };
}

/** Geometries in which float32 holds all digits of a distance. */
const MODERATE: readonly Geometry[] = GEOMETRIES.filter((geometry) => geometry !== 'tiny' && geometry !== 'far');

/** Inputs of a kind whose distances are about as large as the margin, or smaller. */
export function inputsOf<I extends object>(
  kind: LossKind<I>,
  { space, unit }: LossSetting,
  geometry: readonly Geometry[] = MODERATE,
): Arbitrary<I> {
  const inputs = kind.inputs({ geometry, dimensions: [space.leastWidth, 4] });
  return tuple(inputs, constantFrom(1, 0.25), integer({ min: 0, max: 3 })).map(([input, share, fine]) => {
    const factor = share * space.lengthOf(unit);
    // Some on a coarse grid, which failures shrink to: there are ties, and numbers that are short to read.
    const place = fine === 0 ? (v: number) => (Math.round(2 * v) / 2) * factor : (v: number) => v * factor;
    return mapEmbeddings(kind, input, (x) => new Tensor(x.data.map(place), x.shape));
  });
}

/** The embeddings of an input, in the order of the kind. */
export function embeddingsOf<I extends object>(kind: LossKind<I>, input: I): Tensor[] {
  return kind.embeddings.map((name) => {
    const x: unknown = input[name];
    if (x instanceof Tensor) return x;
    throw new TypeError(`lossLaws: '${name}' must be a Tensor; got ${String(x)}. List it under 'items' only.`);
  });
}

/** An input with other embeddings. */
export function withEmbeddings<I extends object>(kind: LossKind<I>, input: I, embeddings: readonly Tensor[]): I {
  return changed(input, Object.fromEntries(kind.embeddings.map((name, i) => [name, embeddings[i]])));
}

/** An input with each of its embeddings changed. */
export function mapEmbeddings<I extends object>(kind: LossKind<I>, input: I, fn: (x: Tensor) => Tensor): I {
  return withEmbeddings(kind, input, embeddingsOf(kind, input).map(fn));
}

/** An input with other values of some properties, which must be of their types. */
export function changed<I extends object>(input: I, values: Readonly<Record<string, unknown>>): I {
  return { ...input, ...values };
}
