import type { Law } from '../../src/testing/law.ts';
import { families } from '../autograd/opTable.ts';
import { distanceSubjects } from './distanceTable.ts';
import { lossSubjects } from './lossTable.ts';
import { moduleSubjects } from './moduleTable.ts';
import { opSubjects } from './opLawTable.ts';
import type { LawSubject } from './subjects.ts';

/** Short heads, in the order of the columns; a law that has none does not compile into the page. */
const HEADS: Readonly<Record<string, string>> = {
  'never negative': '≥ 0',
  identity: 'self',
  symmetry: 'sym.',
  'triangle inequality': 'triangle',
  bounds: 'bounds',
  'closer positives': 'pos.',
  'closer negatives': 'neg.',
  'closer predictions': 'closer',
  'better order': 'rank',
  'gradient step helps': 'step',
  'larger margin': 'margin',
  'zero where satisfied': 'zero',
  'costs where violated': 'costs',
  'swapped twins': 'swap',
  rotation: 'turn',
  translation: 'move',
  scaling: 'scale',
  'agrees with rows': 'rows',
  'no NaN anywhere': 'NaN',
  'gradient agreement': '1st',
  'second derivative agreement': '2nd',
  'precision agreement': 'float32',
  'batch invariance': 'batch',
  'permuted batch': 'order',
  purity: 'pure',
  broadcasting: 'broadcast',
};

/** One row of a table: a subject, or several of one op that are listed together. */
interface Row {
  readonly name: string;
  readonly subjects: readonly LawSubject[];
}

/** The text of docs/laws.md, from the tables that the tests run. */
export function lawsPage(): string {
  const losses = each(Object.values(lossSubjects).flat());
  const distances = each(Object.values(distanceSubjects).flat());
  const modules = each(Object.values(moduleSubjects).flat());
  const ops = Object.entries(families).flatMap(([family, table]) => {
    const rows = Object.keys(table).flatMap((op) =>
      op in opSubjects ? [together(op as keyof typeof opSubjects)] : [],
    );
    return rows.length === 0 ? [] : [{ family, rows }];
  });
  return `# Laws, and what holds to them

A law is something that must hold for every input, such as that a loss never rises where a positive comes closer; \`twingrad/testing\` draws inputs by [fast-check](https://fast-check.dev), looks for one that breaks it, and makes that one small. \`checkLaws(pairLossLaws('my loss', myLoss))\` in a test of yours runs all laws of losses of pairs on your own; \`tripletLossLaws\`, \`batchLossLaws\`, \`classLossLaws\`, \`viewLossLaws\`, \`predictionLossLaws\`, \`distanceLaws\`, \`opLaws\` and \`moduleLaws\` are for the other kinds, and \`defineLaw\` makes a law of your own. What a failure says under \`Again with\` are options of \`checkLaws\` that run that law again, from the smallest input found on. Below is what twingrad itself is held to: this page is made by \`npm run docs\` from the tables that \`npm test\` runs, under both sets of kernels.

✓ is a law that is checked and holds. ✗ is one that does not hold, for the reason below the table; the tests assert that it is broken. An empty cell is a law that says nothing there: a comparison has no gradient, a product of vectors no rows.

## Losses

${lawList(losses)}

${table('loss', losses)}

## Distances and similarities

All laws of ops hold of them too. Sign, identity, symmetry and bounds are checked in float32, triangles, rotation, translation and scaling in double precision.

${lawList(distances)}

${table('comparison', distances)}

## Ops

\`ways\` are the ways of calling it that are checked, with shapes and options of their own; ✓ ✗ holds in some of them.

${lawList(ops.flatMap(({ rows }) => rows))}

${ops.map(({ family, rows }) => `### ${family[0].toUpperCase()}${family.slice(1)}\n\n${table('op', rows, true)}`).join('\n\n')}

## Layers

${lawList(modules)}

${table('layer', modules)}
`;
}

const each = (subjects: readonly LawSubject[]): Row[] => subjects.map((s) => ({ name: s.subject, subjects: [s] }));
const together = (name: keyof typeof opSubjects): Row => ({ name, subjects: opSubjects[name] });
const lawsOf = (rows: readonly Row[]): Law[] => rows.flatMap(({ subjects }) => subjects.flatMap(({ laws }) => laws));

/** The laws of some rows, in the order of the columns. */
function columns(rows: readonly Row[]): string[] {
  const names = new Set(lawsOf(rows).map(({ name }) => name));
  const unknown = [...names].filter((name) => HEADS[name] === undefined);
  if (unknown.length > 0) throw new RangeError(`These laws have no column yet: ${unknown.join(', ')}.`);
  return Object.keys(HEADS).filter((name) => names.has(name));
}

/** What the laws of some rows say, each kind of subject in its own words. */
function lawList(rows: readonly Row[]): string {
  const laws = lawsOf(rows);
  return columns(rows)
    .map((name) => {
      const statements = new Set(laws.filter((law) => law.name === name).map(({ statement }) => statement));
      const law = `- **${name}** (${HEADS[name]}):`;
      return statements.size === 1
        ? `${law} ${[...statements][0]}.`
        : [law, ...[...statements].map((statement) => `  - ${statement}.`)].join('\n');
    })
    .join('\n');
}

function table(head: string, rows: readonly Row[], counted = false): string {
  const names = columns(rows);
  const reasons: string[] = [];
  const mark = (reason: string): string => {
    if (!reasons.includes(reason)) reasons.push(reason);
    return `✗ ${letter(reasons.indexOf(reason))}`;
  };
  const cell = ({ subjects }: Row, name: string): string => {
    const having = subjects.filter(({ laws }) => laws.some((law) => law.name === name));
    const broken = [...new Set(having.flatMap(({ except }) => except?.[name] ?? []))].map(mark);
    const held = having.some(({ except }) => except?.[name] === undefined);
    return [...(held ? ['✓'] : []), ...broken].join(' ');
  };
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const body = rows.map((row) =>
    line([
      `\`${row.name}\``,
      ...(counted ? [String(row.subjects.length)] : []),
      ...names.map((name) => cell(row, name)),
    ]),
  );
  const first = [head, ...(counted ? ['ways'] : [])];
  const notes = reasons.map((reason, i) => `- ✗ ${letter(i)}: ${reason}.`);
  return [
    line([...first, ...names.map((name) => HEADS[name])]),
    line([...first.map(() => '---'), ...names.map(() => ':-:')]),
    ...body,
    ...(notes.length === 0 ? [] : ['', ...notes]),
  ].join('\n');
}

/** 0 is a, 25 z, 26 aa, 27 ab, as the columns of a spreadsheet go on. */
export function letter(i: number): string {
  const last = String.fromCharCode(97 + (i % 26));
  return i < 26 ? last : `${letter(Math.floor(i / 26) - 1)}${last}`;
}
