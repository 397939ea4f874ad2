import { type Shape, ShapeError } from '../../tensor/shape.ts';

/*
 * The equation of `einsum`, read against the shapes of its operands. A label is a letter, or for an axis of `...` its
 * place counted from the right: '0' is the last one, so that operands broadcast as they do everywhere.
 */

/** An equation whose ellipses are spelled out. */
export interface Subscripts {
  /** The labels of each operand's axes. */
  readonly terms: readonly (readonly string[])[];
  /** The labels of the result's axes. */
  readonly output: readonly string[];
  /** How long the axes of a label are; those of length 1 are repeated. */
  readonly lengths: ReadonlyMap<string, number>;
}

const ELLIPSIS = '...';

/** Throws: RangeError for an equation that cannot be read; ShapeError where it does not fit the shapes. */
export function resolveSubscripts(equation: string, shapes: readonly Shape[]): Subscripts {
  if (typeof equation !== 'string')
    throw new TypeError("einsum: the equation must be a string. Pass it first, e.g. einsum('ij,jk->ik', a, b).");
  const [left, right, ...more] = equation.replaceAll(' ', '').split('->');
  if (more.length > 0) throw unreadable(equation, 'it has more than one arrow', 'Write one -> before the result.');
  const given = left.split(',').map((term) => parse(equation, term));
  if (given.length !== shapes.length) {
    throw unreadable(
      equation,
      `it has ${count(given.length, 'term')}, there ${shapes.length === 1 ? 'is' : 'are'} ${count(shapes.length, 'operand')}`,
      'Write one term an operand, with commas between them.',
    );
  }
  const terms = given.map((symbols, i) => spellOut(symbols, shapes[i]));
  const lengths = lengthsOf(terms, shapes);
  const broadcast = placesOf(Math.max(0, ...terms.map((term) => term.filter(isPlace).length)));
  if (right === undefined) return { terms, output: [...broadcast, ...onceEach(terms)], lengths };
  const output = parse(equation, right);
  for (const [i, symbol] of output.entries()) {
    if (symbol === ELLIPSIS) continue;
    if (output.indexOf(symbol) !== i)
      throw unreadable(equation, `the result has ${symbol} twice`, 'Write each letter of the result once.');
    if (!lengths.has(symbol))
      throw unreadable(equation, `the result has ${symbol}, no operand has it`, 'Use letters of the operands.');
  }
  return { terms, output: output.flatMap((symbol) => (symbol === ELLIPSIS ? broadcast : [symbol])), lengths };
}

/** The letters of a term, and its ellipsis. */
function parse(equation: string, term: string): string[] {
  const symbols = term.match(/\.{3}|./gsu) ?? [];
  for (const symbol of symbols) {
    if (symbol !== ELLIPSIS && !/^[a-zA-Z]$/.test(symbol))
      throw unreadable(
        equation,
        `${JSON.stringify(symbol)} is not a letter`,
        'Use a-z and A-Z, commas, -> and one ... a term.',
      );
  }
  if (symbols.filter((symbol) => symbol === ELLIPSIS).length > 1)
    throw unreadable(equation, `the term ${term} has two ellipses`, 'Write ... once a term.');
  return symbols;
}

/** A term with labels for the axes of its ellipsis. */
function spellOut(symbols: readonly string[], shape: Shape): string[] {
  const letters = symbols.filter((symbol) => symbol !== ELLIPSIS).length;
  const rest = shape.length - letters;
  if (rest < 0 || (rest > 0 && !symbols.includes(ELLIPSIS))) {
    throw new ShapeError(
      'einsum',
      `the term "${symbols.join('')}" has ${count(letters, 'letter')} for ${shape.length === 1 ? '1 axis' : `${shape.length} axes`}`,
      [shape],
      'Write one letter an axis; ... stands for any others.',
    );
  }
  return symbols.flatMap((symbol) => (symbol === ELLIPSIS ? placesOf(rest) : [symbol]));
}

function lengthsOf(terms: readonly (readonly string[])[], shapes: readonly Shape[]): Map<string, number> {
  const lengths = new Map<string, number>();
  for (const [i, term] of terms.entries()) {
    for (const [axis, label] of term.entries()) {
      const length = shapes[i][axis];
      const known = lengths.get(label) ?? 1;
      // A diagonal has no axis to repeat.
      const isFirst = term.indexOf(label) === axis;
      if (isFirst ? length !== known && length !== 1 && known !== 1 : length !== shapes[i][term.indexOf(label)]) {
        throw new ShapeError(
          'einsum',
          `axes of ${isPlace(label) ? ELLIPSIS : label} have lengths ${isFirst ? known : shapes[i][term.indexOf(label)]} and ${length}`,
          shapes,
          isFirst ? 'They must be equal, or 1.' : 'Within one operand they must be equal.',
        );
      }
      lengths.set(label, length === 1 ? known : length);
    }
  }
  return lengths;
}

/** The letters that occur once in all terms, in alphabetical order, capitals first. */
function onceEach(terms: readonly (readonly string[])[]): string[] {
  const all = terms.flat().filter((label) => !isPlace(label));
  return all.filter((label) => all.indexOf(label) === all.lastIndexOf(label)).sort();
}

/** The labels of an ellipsis of so many axes. */
function placesOf(axes: number): string[] {
  return Array.from({ length: axes }, (_, i) => String(axes - 1 - i));
}

function isPlace(label: string): boolean {
  return /^\d/.test(label);
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

function unreadable(equation: string, problem: string, remedy: string): RangeError {
  return new RangeError(`einsum: cannot read "${equation}": ${problem}. ${remedy}`);
}
