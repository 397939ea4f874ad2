import { keyOf, type Mutant } from './sample.ts';

export type Status = 'Killed' | 'Timeout' | 'Survived' | 'NoCoverage';

export interface Outcome {
  readonly mutant: Mutant;
  readonly status: Status;
}

/** Why a survivor may stay: `equivalent`, no input can tell it from the original, or another `reason` not to test it. */
interface Acceptance {
  /** For the reader: its file, original and replacement. */
  readonly mutant: string;
  readonly equivalent: boolean;
  readonly reason: string;
}

/** By key. */
export type Accepted = Readonly<Record<string, Acceptance>>;

export interface Score {
  readonly name: string;
  readonly killed: number;
  readonly timeout: number;
  readonly survived: number;
  readonly noCoverage: number;
  readonly total: number;
}

/** How many ended how, in each folder that has a mutant, and in all. */
export function scoresOf(outcomes: readonly Outcome[], folders: readonly string[]): readonly Score[] {
  const inFolder = (folder: string) => outcomes.filter(({ mutant }) => mutant.file.startsWith(`${folder}/`));
  return [
    ...folders.map((folder) => scoreOf(folder, inFolder(folder))).filter(({ total }) => total > 0),
    scoreOf('all', outcomes),
  ];
}

export function scoreOf(name: string, outcomes: readonly Outcome[]): Score {
  const count = (wanted: Status) => outcomes.filter(({ status }) => status === wanted).length;
  return {
    name,
    killed: count('Killed'),
    timeout: count('Timeout'),
    survived: count('Survived'),
    noCoverage: count('NoCoverage'),
    total: outcomes.length,
  };
}

/** Percent of the mutants that a test noticed. */
export function percent({ killed, timeout, total }: Score): number {
  return total === 0 ? 100 : (100 * (killed + timeout)) / total;
}

/** What no test noticed, by file and line. */
export function survivorsOf(outcomes: readonly Outcome[]): readonly Mutant[] {
  return outcomes
    .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
    .map(({ mutant }) => mutant)
    .sort((a, b) => compare(a.file, b.file) || a.line - b.line || compare(keyOf(a), keyOf(b)));
}

/** Keys of reasons for mutants that are killed by now, or that are not in the sample. */
export function staleOf(outcomes: readonly Outcome[], accepted: Accepted): readonly string[] {
  const survivors = new Set(survivorsOf(outcomes).map(keyOf));
  return Object.keys(accepted).filter((key) => !survivors.has(key));
}

/** `file:line  original -> replacement  [key]`, on one line. */
export function lineOf(mutant: Mutant): string {
  const { file, line, original, replacement } = mutant;
  return `${file}:${line}  ${short(original)} -> ${short(replacement)}  [${keyOf(mutant)}]`;
}

/** On one line, the middle of long code left out. */
export function short(code: string): string {
  const line = code.replace(/\s+/g, ' ');
  return line.length <= 100 ? line : `${line.slice(0, 60)} ... ${line.slice(-35)}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
