import { type Accepted, type Outcome, percent, type Score, scoreOf, short, survivorsOf } from './results.ts';
import { keyOf } from './sample.ts';

export interface Run {
  readonly seed: number;
  /** How many mutants there are, of which the outcomes are a sample. */
  readonly all: number;
  readonly outcomes: readonly Outcome[];
  readonly scores: readonly Score[];
}

/** The page docs/mutation.md. */
export function formatPage({ seed, all, outcomes, scores }: Run, accepted: Accepted): string {
  const survivors = survivorsOf(outcomes);
  return `# Mutation

Made by \`npm run mutation\`, which breaks the code in one place at a time with Stryker 9 and runs the tests that reach that place. A mutant that no test notices has survived; each is listed below with the reason why it may.

The sample: ${outcomes.length} of ${all} mutants, drawn with seed ${seed}. Its score: **${percent(scoreOf('all', outcomes)).toFixed(1)} %** of all, counting those that no input can tell from the original as survivors; without those, ${withoutEquivalent(outcomes, accepted).toFixed(1)} %.

${table(cellsOf(scores))}

## Survivors

${survivors.length === 0 ? 'None.' : table([['place', 'original', 'replacement', 'reason', 'key'], ...survivors.map((m) => [`${m.file}:${m.line}`, code(m.original), code(m.replacement), reasonOf(accepted, keyOf(m)), keyOf(m)])])}
`;
}

/** The score where mutants accepted as equivalent do not count. */
export function withoutEquivalent(outcomes: readonly Outcome[], accepted: Accepted): number {
  const isEquivalent = ({ mutant, status }: Outcome) =>
    (status === 'Survived' || status === 'NoCoverage') && accepted[keyOf(mutant)]?.equivalent === true;
  return percent(
    scoreOf(
      'all',
      outcomes.filter((outcome) => !isEquivalent(outcome)),
    ),
  );
}

/** A row for each score, under a head. */
export function cellsOf(scores: readonly Score[]): string[][] {
  return [
    ['folder', 'mutants', 'killed', 'timeout', 'survived', 'no coverage', 'score'],
    ...scores.map((score) => [
      score.name,
      ...[score.total, score.killed, score.timeout, score.survived, score.noCoverage].map(String),
      `${percent(score).toFixed(1)} %`,
    ]),
  ];
}

function reasonOf(accepted: Accepted, key: string): string {
  const found = accepted[key];
  if (found === undefined) return '**none yet**';
  return cell(found.equivalent ? `Equivalent: ${found.reason}` : found.reason);
}

function code(text: string): string {
  const line = cell(short(text));
  // A span whose own text has backticks takes two, with a space at each end.
  return line.includes('`') ? `\`\` ${line} \`\`` : `\`${line}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function table([head, ...rows]: string[][]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
