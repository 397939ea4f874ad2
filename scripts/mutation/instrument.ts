import { relative } from 'node:path';
import type { Logger } from '@stryker-mutator/api/logging';
import {
  type File,
  Instrumenter,
  type InstrumenterOptions,
  type InstrumentResult,
} from '@stryker-mutator/instrumenter';
import type { Mutant } from './sample.ts';

/** A mutant with the number that Stryker gave it, which counts through the files in their order. */
export interface Numbered extends Mutant {
  readonly id: string;
}

type Transform = NonNullable<ConstructorParameters<typeof Instrumenter>[3]>;

const NONE: ReadonlySet<string> = new Set();
const OPTIONS: InstrumenterOptions = { ignorers: [], excludedMutations: [], plugins: null };

/** All mutants that Stryker knows of the files, in their order, with names from `root`. */
export async function enumerate(files: readonly File[], root: string): Promise<readonly Numbered[]> {
  const instrumenter = new Instrumenter(silent);
  return describe(files, await instrumentOnly(instrumenter, files, OPTIONS, NONE), root);
}

const { instrument } = Instrumenter.prototype;

/**
 * From now on Stryker places, runs and reports the mutants that `choose` picks, and no others. Its own ways to choose
 * (ranges of lines, ignored nodes) take or leave all mutants of a node with all inside it.
 */
export function placeOnly(choose: (mutants: readonly Numbered[]) => ReadonlySet<string>, root: string): void {
  Instrumenter.prototype.instrument = async function (files, options) {
    const all = await instrumentOnly(this, files, options, NONE);
    const chosen = choose(describe(files, all, root));
    const placed = await instrumentOnly(this, files, options, chosen);
    return { ...placed, mutants: placed.mutants.filter(({ id }) => chosen.has(id)) };
  };
}

/** Instruments with all mutants but the chosen marked as ignored before they are placed. */
async function instrumentOnly(
  instrumenter: Instrumenter,
  files: readonly File[],
  options: InstrumenterOptions,
  chosen: ReadonlySet<string>,
): Promise<InstrumentResult> {
  // The last argument of Stryker's constructor, which only its own injector calls.
  const { _transform: transform }: { readonly _transform: Transform } = Object(instrumenter);
  const choosing: Transform = (ast, collector, context) => {
    const collect: typeof collector.collect = (...given) => {
      const mutant = collector.collect(...given);
      return chosen.has(mutant.id) ? mutant : Object.assign(mutant, { ignoreReason: 'not in the sample' });
    };
    transform(ast, Object.create(collector, { collect: { value: collect } }), context);
  };
  return await instrument.call(Object.create(instrumenter, { _transform: { value: choosing } }), files, options);
}

function describe(files: readonly File[], { mutants }: InstrumentResult, root: string): readonly Numbered[] {
  const lines = new Map(files.map(({ name, content }) => [name, content.split('\n')]));
  const seen = new Map<string, number>();
  return mutants.map(({ id, fileName, location: { start, end }, mutatorName, replacement }) => {
    const within = (lines.get(fileName) ?? []).slice(start.line, end.line + 1);
    // The end first: on one line it would move if the start were cut off before.
    within[within.length - 1] = within[within.length - 1].slice(0, end.column);
    within[0] = within[0].slice(start.column);
    const original = within.join('\n');
    const file = relative(root, fileName).replaceAll('\\', '/');
    const same = JSON.stringify([file, mutatorName, original, replacement]);
    const occurrence = seen.get(same) ?? 0;
    seen.set(same, occurrence + 1);
    return { id, file, line: start.line + 1, mutator: mutatorName, original, replacement, occurrence };
  });
}

const nothing = () => undefined;
const no = () => false;
const silent: Logger = {
  isTraceEnabled: no,
  isDebugEnabled: no,
  isInfoEnabled: no,
  isWarnEnabled: no,
  isErrorEnabled: no,
  isFatalEnabled: no,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
};
