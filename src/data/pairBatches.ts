import { checkInteger } from '../tensor/check.ts';
import { type Flags, toFlags } from '../tensor/flags.ts';
import { type Integers, IntTensor, toIntegers } from '../tensor/intTensor.ts';
import { checkSource, type Random } from '../tensor/random.ts';
import { ShapeError, sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import {
  chunks,
  groupByLabel,
  type PairBatch,
  planned,
  type SamplerOptions,
  type SyncBatches,
  transformed,
} from './batches.ts';
import { coverClasses } from './classCover.ts';
import { Cycle } from './classSampler.ts';
import { times, UNEQUAL } from './samplingReport.ts';

/** Options of `pairBatches`: one of `same`, `different` and `distinct` says what the pairs are. */
export interface PairBatchesOptions {
  /** 1 (or true) for each pair that is the same. */
  readonly same?: Flags | undefined;
  /** 1 (or true) for each pair that is different. */
  readonly different?: Flags | undefined;
  /**
   * All pairs are the same; an id for each, and no id twice in a batch: for losses that take the other pairs of the
   * batch as negatives. Needs `random`, and as many ids as pairs a batch. Each pair occurs every epoch; where ids are
   * unequally frequent, pairs of the rarer ones are drawn again.
   */
  readonly distinct?: Integers | undefined;
  /** Pairs a batch. Default 64. */
  readonly batchSize?: number | undefined;
  /** Shuffles the pairs, anew each epoch. Default: in order. */
  readonly random?: Random | undefined;
  /** Same and different pairs in turn, those of the rarer kind drawn again. Needs `random`. Default false. */
  readonly balanced?: boolean | undefined;
  /**
   * Changes each side of a batch of Tensors, e.g. `(x, random) => augment(x, { shift: 2, random })`. Needs `random`.
   */
  readonly transform?: SamplerOptions['transform'];
}

/** How many pairs of each kind there are, and what `pairBatches` makes of it. */
export interface PairReport {
  readonly pairs: number;
  readonly same: number;
  readonly different: number;
  /** Pairs that an epoch draws, each as often as it is drawn. */
  readonly drawn: number;
  /** How many of these draws take a pair that the epoch has drawn already. */
  readonly repeated: number;
  /** In words, each with what to do; empty where there is nothing to say. */
  readonly warnings: readonly string[];
}

/** Batches of pairs with what is to be known about their kinds. */
export interface ReportedPairs<X extends Tensor | IntTensor = Tensor> extends SyncBatches<PairBatch<X>> {
  readonly report: PairReport;
}

/**
 * Batches of pairs that are at hand, where there are pairs and no classes: `train` and `scorePairs` take them.
 *
 * Without `random` the pairs come in order, as they should where they are scored. `report` counts both kinds.
 *
 * Shapes: a `[N, ...sample]`, b `[N, ...sample]`, both of numbers or both of integers, and N flags or ids -> a and b
 * `[batchSize, ...sample]`, different batchSize flags; the last batch of an epoch may be smaller (none is with
 * `distinct`).
 * Throws: ShapeError where the numbers of pairs and labels differ; RangeError for no pair, for a label that is neither
 * 0 nor 1 and, with `balanced`, for pairs of one kind; TypeError for other combinations of options.
 *
 * @example
 * const [batch] = pairBatches(tensor([[1], [2]]), tensor([[1], [5]]), { same: [true, false] }).epoch(0);
 * batch.different // [0, 1]
 */
export function pairBatches(a: Tensor, b: Tensor, options: PairBatchesOptions): ReportedPairs;
export function pairBatches(a: IntTensor, b: IntTensor, options: PairBatchesOptions): ReportedPairs<IntTensor>;
export function pairBatches(
  a: Tensor | IntTensor,
  b: Tensor | IntTensor,
  options: PairBatchesOptions,
): ReportedPairs | ReportedPairs<IntTensor> {
  if (a instanceof Tensor && b instanceof Tensor) {
    const { transform, random } = options;
    if (transform !== undefined && random === undefined) throw needsRandom('transform');
    return batchesOf(a, b, options, (x, rows, stream) => {
      const taken = numberRows(x, rows);
      return stream === undefined ? taken : transformed(taken, rows.length, transform, stream);
    });
  }
  if (!(a instanceof IntTensor && b instanceof IntTensor)) {
    throw new TypeError(
      'pairBatches: a and b must be two Tensors or two IntTensors. Make both with tensor() or intTensor().',
    );
  }
  if (options.transform !== undefined)
    throw new TypeError("pairBatches: 'transform' is for Tensors; a and b hold integers. Transform them beforehand.");
  return batchesOf(a, b, options, integerRows);
}

function batchesOf<X extends Tensor | IntTensor>(
  a: X,
  b: X,
  options: PairBatchesOptions,
  take: (x: X, rows: readonly number[], random: Random | undefined) => X,
): ReportedPairs<X> {
  const { batchSize = 64, random } = options;
  const count = pairCount(a, b);
  checkInteger('pairBatches', 'batchSize', batchSize, 1);
  if (random !== undefined) checkSource('pairBatches', random, 'pairs');
  const different = differentOf(options, count);
  const { length, plan, drawn } = planOf(options, different, batchSize);
  const batches = planned(length, plan, (rows, epoch, batch): PairBatch<X> => {
    const stream = random?.fork(epoch).fork(batch);
    const side = (x: X, name: string) => take(x, rows, stream?.fork(name));
    return { a: side(a, 'a'), b: side(b, 'b'), different: Uint8Array.from(rows, (row) => different[row]) };
  });
  return { ...batches, report: reportOf(options, different, drawn) };
}

function pairCount(a: Tensor | IntTensor, b: Tensor | IntTensor): number {
  const count = a.shape[0];
  if (count === undefined || count !== b.shape[0]) {
    throw new ShapeError(
      'pairBatches',
      'a and b must hold as many rows as each other',
      [a.shape, b.shape],
      'Row i of a and row i of b are a pair.',
    );
  }
  if (count === 0) throw new RangeError('pairBatches: there are no pairs. Check what a and b come from.');
  return count;
}

/** 1 for each different pair. */
function differentOf({ same, different, distinct }: PairBatchesOptions, count: number): Uint8Array {
  if ([same, different, distinct].filter((labels) => labels !== undefined).length !== 1) {
    throw new TypeError(
      'pairBatches: say what the pairs are, as one of { same: y }, { different: y } and, where all are the same, { distinct: ids }.',
    );
  }
  const fitting = <L extends { readonly length: number }>(name: string, labels: L): L => {
    if (labels.length === count) return labels;
    throw new ShapeError(
      'pairBatches',
      `${count} pairs need as many labels`,
      [[count], [labels.length]],
      `Pass one entry of '${name}' for each pair.`,
    );
  };
  if (different !== undefined)
    return Uint8Array.from(fitting('different', toFlags('pairBatches', 'different', different)));
  if (same !== undefined)
    return Uint8Array.from(fitting('same', toFlags('pairBatches', 'same', same)), (flag) => 1 - flag);
  if (distinct !== undefined) fitting('distinct', toIntegers('pairBatches', 'distinct', distinct));
  return new Uint8Array(count);
}

interface Plan {
  readonly length: number;
  /** The rows of each batch of an epoch. */
  readonly plan: (epoch: number) => (batch: number) => readonly number[];
  /** Pairs an epoch. */
  readonly drawn: number;
}

function planOf(
  { random, balanced = false, distinct }: PairBatchesOptions,
  different: Uint8Array,
  batchSize: number,
): Plan {
  if (distinct !== undefined) {
    if (balanced)
      throw new TypeError(
        "pairBatches: 'balanced' has no meaning with 'distinct', whose pairs are all the same. Leave one out.",
      );
    if (random === undefined) throw needsRandom('distinct');
    return distinctPlan(toIntegers('pairBatches', 'distinct', distinct), batchSize, random);
  }
  const rows = [...different.keys()];
  const inBatches = (drawn: number, draw: (epoch: number) => readonly number[]): Plan => ({
    length: Math.ceil(drawn / batchSize),
    plan: (epoch) => chunks(draw(epoch), batchSize),
    drawn,
  });
  if (!balanced) {
    return inBatches(rows.length, (epoch) =>
      random === undefined ? rows : [...random.fork(epoch).permutation(rows.length)],
    );
  }
  if (random === undefined) throw needsRandom('balanced');
  const kinds = [0, 1].map((kind) => rows.filter((row) => different[row] === kind));
  if (kinds.some((kind) => kind.length === 0)) {
    throw new RangeError(
      `pairBatches: all ${rows.length} pairs are ${kinds[0].length === 0 ? 'different' : 'same'}, so there is nothing to balance. Leave out 'balanced', or add pairs of the other kind.`,
    );
  }
  return inBatches(2 * Math.max(kinds[0].length, kinds[1].length), (epoch) => {
    const cycles = kinds.map((kind, i) => new Cycle(kind.length, random.fork(epoch).fork(i)));
    return Array.from(
      { length: 2 * Math.max(kinds[0].length, kinds[1].length) },
      (_, i) => kinds[i % 2][cycles[i % 2].next(() => true)],
    );
  });
}

function distinctPlan(ids: Int32Array, batchSize: number, random: Random): Plan {
  const members = groupByLabel(ids);
  if (members.length < batchSize) {
    throw new RangeError(
      `pairBatches: a batch of ${batchSize} pairs from ${members.length} distinct id${members.length === 1 ? '' : 's'}. Lower 'batchSize': no id comes twice in a batch.`,
    );
  }
  const cover = coverClasses(members, { classes: batchSize, samples: 1 }, random);
  return {
    length: cover.length,
    plan: (epoch) => {
      const batches = cover.pass(epoch);
      return (batch) => batches[batch];
    },
    drawn: cover.length * batchSize,
  };
}

function reportOf({ balanced = false, distinct }: PairBatchesOptions, flags: Uint8Array, drawn: number): PairReport {
  const pairs = flags.length;
  const different = flags.reduce((sum, flag) => sum + flag, 0);
  const same = pairs - different;
  const [rare, often] = same < different ? ['same', 'different'] : ['different', 'same'];
  const [least, most] = [Math.min(same, different), Math.max(same, different)];
  const warnings: string[] = [];
  if (distinct !== undefined) {
    const groups = groupByLabel(toIntegers('pairBatches', 'distinct', distinct));
    const [first, ...others] = groups.reduce((most, group) => (group.length > most.length ? group : most));
    // Filling up the last batch cannot double them: there are as many ids as pairs a batch.
    if (drawn >= 2 * pairs) {
      warnings.push(
        `an epoch draws ${drawn} pairs to hold all ${pairs}, as pair ${first} and ${others.length} others have one id, which a batch holds once. Keep fewer pairs of it, or lower 'batchSize'.`,
      );
    }
  } else if (least === 0) {
    warnings.push(
      `all ${pairs} pairs are ${often}: nothing keeps embeddings ${often === 'same' ? 'apart' : 'together'}. Add ${rare} pairs${often === 'same' ? ", or pass 'distinct' and a loss that takes the other pairs of a batch as negatives" : ''}.`,
    );
  } else if (most >= UNEQUAL * least) {
    warnings.push(
      balanced
        ? `${least} of ${pairs} pairs are ${rare}: an epoch draws each of them ${times(most / least)}. Gather more ${rare} pairs.`
        : `${most} of ${pairs} pairs are ${often}: whoever answers '${often}' always is right for all of these. Pass 'balanced: true' for training, or gather more ${rare} pairs.`,
    );
  }
  return { pairs, same, different, drawn, repeated: drawn - pairs, warnings };
}

function needsRandom(option: string): TypeError {
  return new TypeError(`pairBatches: '${option}' draws, so it needs 'random'. Pass e.g. random: createRandom(1).`);
}

function numberRows(x: Tensor, rows: readonly number[]): Tensor {
  const [, ...sample] = x.shape;
  const size = sizeOf(sample);
  const out = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    out.set(x.data.subarray(row * size, (row + 1) * size), i * size);
  });
  return new Tensor(out, [rows.length, ...sample]);
}

function integerRows(x: IntTensor, rows: readonly number[]): IntTensor {
  const [, ...sample] = x.shape;
  const size = sizeOf(sample);
  const out = new Int32Array(rows.length * size);
  rows.forEach((row, i) => {
    out.set(x.data.subarray(row * size, (row + 1) * size), i * size);
  });
  return new IntTensor(out, [rows.length, ...sample]);
}
