import { type Arbitrary, check, property, type RunDetails } from 'fast-check';
import { Tensor } from '../tensor/tensor.ts';

/** What a law is shown with where it breaks: the inputs by their names. */
export type Inputs = Readonly<Record<string, unknown>>;

/** How a law is run. */
export interface LawOptions {
  /** How many inputs are drawn for each law, at least 1. Default 100. */
  readonly numRuns?: number | undefined;
  /** Draws the same inputs again: an integer. Default another one each time; a failure tells it. */
  readonly seed?: number | undefined;
  /** With `seed`, begins with the input of a failure. It is of one law. Default none. */
  readonly path?: string | undefined;
}

/** Which of several laws are run, and how. What a failure says under `Again with` is such options. */
export interface CheckOptions extends LawOptions {
  /** The name of the law to run; the others are left out. Default all of them. */
  readonly law?: string | undefined;
}

/** Something that must hold of a loss, a distance, an op or a module for every input. Made by `defineLaw`. */
export interface Law {
  /** What it is a law of, such as `contrastiveLoss`. */
  readonly subject: string;
  /** The name of the law, such as `closer positives`. */
  readonly name: string;
  /** The law in words. */
  readonly statement: string;
  /** Draws inputs until one breaks the law, and shrinks that one; undefined where none does. */
  readonly findFailure: (options?: LawOptions) => LawFailure | undefined;
}

/** An input that breaks a law. */
export interface LawFailure {
  readonly law: Law;
  /** What happened with the input below, in words. */
  readonly seen: string;
  /** The smallest input found that breaks the law, by name; undefined where no input could be drawn. */
  readonly inputs: Inputs | undefined;
  /** How often it was made smaller. */
  readonly shrinks: number;
  /** With `path`, what repeats it: `law.findFailure({ seed, path })`. */
  readonly seed: number;
  /** Undefined where no input could be drawn. */
  readonly path: string | undefined;
}

/** How a law is put together. */
export interface LawDefinition<I> {
  readonly subject: string;
  readonly name: string;
  readonly statement: string;
  /** The inputs that the law is about: objects of named parts, such as `tensors().map((x) => ({ x }))`. */
  readonly inputs: Arbitrary<I>;
  /** What is wrong with an input, in words, or undefined where the law holds. May call fast-check's `pre`. */
  readonly violation: (input: I) => string | undefined;
  /** The parts of an input by their names; by default its own properties. */
  readonly show?: ((input: I) => Inputs) | undefined;
}

/**
 * A law of your own: inputs, and what is wrong with one.
 *
 * @example
 * const even = defineLaw({
 *   ...{ subject: 'square', name: 'even', statement: 'square(-x) equals square(x)' },
 *   inputs: tensors().map((x) => ({ x })),
 *   violation: ({ x }) => (square(neg(x)).toString() === square(x).toString() ? undefined : 'they differ'),
 * });
 * brokenLaws([even]).length // 0
 */
export function defineLaw<I extends object>(definition: LawDefinition<I>): Law {
  const { subject, name, statement, inputs, violation, show = ownProperties } = definition;
  const law: Law = {
    subject,
    name,
    statement,
    findFailure: (options = {}) => {
      const details = check(
        property(inputs, (input) => {
          const seen: unknown = violation(input);
          if (typeof seen === 'string') throw new Violation(seen);
          if (seen !== undefined)
            throw new TypeError(
              `defineLaw: violation must give words or undefined; got ${String(seen)}. It must not be async.`,
            );
        }),
        checkedOptions(options),
      );
      return details.failed ? failureOf(law, details, show) : undefined;
    },
  };
  return law;
}

/**
 * Those of the laws that do not hold, each with the smallest input found that breaks it.
 *
 * Throws: RangeError for options out of range, and TypeError for a `path` with several laws, of which it cannot be.
 *
 * @example brokenLaws(pairLossLaws('negative', ({ a, b }) => neg(mean(euclidean(a, b)))))[0].law.name // 'never negative'
 */
export function brokenLaws(laws: readonly Law[], options: CheckOptions = {}): LawFailure[] {
  return chosen('brokenLaws', laws, options).flatMap((law) => law.findFailure(options) ?? []);
}

/**
 * Runs laws, all of them, and throws where some do not hold: for a test of your own in any test runner.
 *
 * Throws: LawError that says each broken law in words, with what was seen, the shrunk inputs, and the seed that repeats
 * it; TypeError where there are no laws, and for a `path` with several laws; RangeError for options out of range.
 *
 * @example checkLaws(distanceLaws('euclidean', euclidean)) // undefined
 */
export function checkLaws(laws: readonly Law[], options: CheckOptions = {}): void {
  if (laws.length === 0) throw new TypeError('checkLaws: there are no laws to check. Pass at least one.');
  const checked = chosen('checkLaws', laws, options);
  const failures = brokenLaws(checked, options);
  if (failures.length > 0) throw new LawError(failures, checked.length);
}

/** Laws that do not hold. */
export class LawError extends Error {
  override readonly name = 'LawError';
  readonly failures: readonly LawFailure[];

  constructor(failures: readonly LawFailure[], checked: number) {
    const count = `${failures.length} of ${checked} laws ${failures.length === 1 ? 'does' : 'do'} not hold.`;
    super([count, ...failures.map(describeFailure)].join('\n\n'));
    this.failures = failures;
  }
}

/** The laws to run. */
function chosen(caller: string, laws: readonly Law[], { law: name, path }: CheckOptions): readonly Law[] {
  const found = name === undefined ? laws : laws.filter((law) => law.name === name);
  if (name !== undefined && found.length === 0) {
    const names = laws.map((law) => `'${law.name}'`).join(', ');
    throw new RangeError(`${caller}: there is no law '${name}'. The laws are ${names || 'none'}.`);
  }
  if (path !== undefined && found.length > 1)
    throw new TypeError(
      `${caller}: a path is of one law; got ${found.length} laws. Pass its name as law, or it alone.`,
    );
  return found;
}

/** What fast-check is told: it would run no input for 0 of them, and endlessly for a fraction. */
function checkedOptions({ numRuns = 100, seed, path }: LawOptions): { numRuns: number; seed?: number; path?: string } {
  if (!(Number.isSafeInteger(numRuns) && numRuns >= 1))
    throw new RangeError(
      `law: numRuns must be an integer of at least 1; got ${numRuns}. Pass how many inputs to draw.`,
    );
  if (seed !== undefined && !Number.isSafeInteger(seed))
    throw new RangeError(`law: seed must be an integer; got ${seed}. Pass the one that a failure told.`);
  if (path === undefined) return { numRuns, ...(seed === undefined ? {} : { seed }) };
  if (seed === undefined || !/^\d+(:\d+)*$/.test(path))
    throw new RangeError(
      `law: path must be numbers and colons, with their seed; got '${path}', seed ${seed}. Pass both as a failure told.`,
    );
  return { numRuns, seed, path };
}

/** A failure in words: the law, what was seen, the inputs, and what repeats it. */
function describeFailure({ law, seen, inputs, shrinks, seed, path }: LawFailure): string {
  const repeat = JSON.stringify({ law: law.name, seed, ...(path === undefined ? {} : { path }) });
  const shown = Object.entries(inputs ?? {}).map(([name, value]) => `  ${name} = ${literal(value)}`);
  return [
    `${law.subject} breaks the law '${law.name}': ${law.statement}.`,
    `Seen: ${seen}`,
    ...(shown.length === 0 ? [] : [`Inputs (made smaller ${shrinks} times):`, ...shown]),
    `Again with: ${repeat}`,
  ].join('\n');
}

function failureOf<I>(law: Law, details: RunDetails<[I]>, show: (input: I) => Inputs): LawFailure {
  const { counterexample, errorInstance, numShrinks, seed, counterexamplePath, numSkips } = details;
  const [input] = counterexample ?? [];
  const path = counterexamplePath ?? undefined;
  const common = { law, shrinks: numShrinks, seed, path };
  if (input === undefined)
    return { ...common, seen: `too few inputs fit: ${numSkips} were drawn and passed over.`, inputs: undefined };
  return { ...common, seen: sayError(errorInstance), inputs: show(input) };
}

function sayError(error: unknown): string {
  if (error instanceof Violation) return error.message;
  return error instanceof Error ? `it threw ${error.name}: ${error.message}` : `it threw ${String(error)}`;
}

function ownProperties(input: object): Inputs {
  if (input instanceof Tensor) return { input };
  return Object.fromEntries(Object.entries(input));
}

/** Values as code that makes them again, where there is such code; tensors whole, since a shrunk one is small. */
function literal(value: unknown): string {
  if (value instanceof Tensor) {
    const empty = value.size === 0;
    return empty ? `zeros([${value.shape.join(', ')}])` : `tensor(${literal(value.toArray())})`;
  }
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : shortest(value);
  if (value instanceof Float32Array || value instanceof Int32Array || value instanceof Uint8Array)
    return `${value.constructor.name}.of(${Array.from(value, literal).join(', ')})`;
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** The fewest digits that float32 reads as the same number. */
function shortest(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}

/** What a law throws inside fast-check, which then looks for a smaller input. */
class Violation extends Error {}
