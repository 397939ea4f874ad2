import type { Shape } from '../tensor/shape.ts';
import { type Dtype, dtypeNames, isDtype } from './dtypes.ts';
import { FormatError } from './formatError.ts';

/** What the header says of one tensor; `begin` and `end` count bytes from the end of the header. */
export interface TensorInfo {
  readonly dtype: Dtype;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

/**
 * Reads the JSON header of a safetensors file.
 *
 * It knows the one form a header may have instead of calling JSON.parse: so repeated keys are seen however they are
 * escaped, integers are read exactly or refused, `__proto__` is a name like any other, and nesting cannot exhaust the
 * stack because nothing recurses. Where it differs from the reference implementation it is the stricter one: no unknown
 * fields, no `null` for `__metadata__`, no lengths above 2^53 - 1.
 *
 * Throws: FormatError with the tensor's name and the position in the header.
 */
export function parseHeader(op: string, text: string): Header {
  const scanner = new Scanner(op, text);
  const metadata = new Map<string, string>();
  const tensors = new Map<string, TensorInfo>();
  for (const name of scanner.keys('the header')) {
    if (name === '__metadata__') {
      for (const key of scanner.keys(name)) metadata.set(key, scanner.string(`__metadata__ entry ${quote(key)}`));
    } else {
      tensors.set(name, tensorInfo(scanner, `tensor ${quote(name)}`));
    }
  }
  scanner.end();
  return { metadata, tensors };
}

/** A name for a message, at most about 80 characters of it. */
export function quote(name: string): string {
  return JSON.stringify(shorten(name));
}

/** Text for a message: a header may hold 100 MB of it. */
export function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}...`;
}

function tensorInfo(scanner: Scanner, owner: string): TensorInfo {
  let dtype: Dtype | undefined;
  let shape: readonly number[] | undefined;
  let offsets: readonly number[] | undefined;
  for (const field of scanner.keys(owner)) {
    if (field === 'dtype') dtype = dtypeOf(scanner, owner);
    else if (field === 'shape') shape = scanner.integers(`shape of ${owner}`);
    else if (field === 'data_offsets') offsets = scanner.integers(`data_offsets of ${owner}`);
    else
      throw scanner.error(`${owner} has an unknown field ${quote(field)}`, 'Expected dtype, shape and data_offsets.');
  }
  if (dtype === undefined) throw missing(scanner, owner, 'dtype');
  if (shape === undefined) throw missing(scanner, owner, 'shape');
  if (offsets === undefined) throw missing(scanner, owner, 'data_offsets');
  if (offsets.length !== 2) {
    throw scanner.error(
      `data_offsets of ${owner} have the length ${offsets.length}`,
      'Expected two integers, [begin, end].',
    );
  }
  return { dtype, shape, begin: offsets[0], end: offsets[1] };
}

function dtypeOf(scanner: Scanner, owner: string): Dtype {
  const name = scanner.string(`dtype of ${owner}`);
  if (isDtype(name)) return name;
  const known = dtypeNames().join(', ');
  throw scanner.error(
    `${owner} has the dtype ${quote(name)}, which is not supported`,
    `Convert it to one of ${known}.`,
  );
}

function missing(scanner: Scanner, owner: string, field: string): FormatError {
  return scanner.error(`${owner} has no ${field}`, 'A tensor needs dtype, shape and data_offsets.');
}

const DAMAGED = 'The header is damaged; get the file again.';

/** Reads JSON from left to right, one kind of value at a time. */
class Scanner {
  readonly #op: string;
  readonly #text: string;
  #at = 0;

  constructor(op: string, text: string) {
    this.#op = op;
    this.#text = text;
  }

  /** Walks an object: yields each key, and the caller reads that key's value before asking for the next. */
  *keys(what: string): Generator<string> {
    this.#expect('{', what, 'an object');
    if (this.#take('}')) return;
    const keys = new Set<string>();
    do {
      const key = this.string(`a name in ${what}`);
      if (keys.has(key))
        throw this.error(`${what} has the name ${quote(key)} twice`, 'Names must be unique; write the file again.');
      keys.add(key);
      this.#expect(':', `${what}, after ${quote(key)}`, '":"');
      yield key;
    } while (this.#take(','));
    this.#expect('}', what, '"," or "}"');
  }

  string(what: string): string {
    this.#expect('"', what, 'a string');
    const text = this.#text;
    const start = this.#at;
    let end = start;
    let escaped = false;
    for (; text[end] !== '"'; end++) {
      if (end >= text.length) throw this.error(`${what}: the string does not end`, DAMAGED);
      if (text.charCodeAt(end) < 0x20)
        throw this.error(`${what}: the string holds an unescaped control character`, DAMAGED);
      if (text[end] === '\\') {
        escaped = true;
        end++;
      }
    }
    this.#at = end + 1;
    const value = text.slice(start, end);
    return escaped ? this.#unescape(value, what) : value;
  }

  integers(what: string): number[] {
    const values: number[] = [];
    this.#expect('[', what, 'a list of integers');
    if (this.#take(']')) return values;
    do values.push(this.#integer(`${what}, [${values.length}]`));
    while (this.#take(','));
    this.#expect(']', what, '"," or "]"');
    return values;
  }

  end(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length)
      throw this.error(`${this.#found()} follows the end of the JSON object`, 'Only spaces may follow it.');
  }

  error(problem: string, remedy: string): FormatError {
    return new FormatError(this.#op, `${problem}, at character ${this.#at} of the header`, remedy);
  }

  #integer(what: string): number {
    this.#skipSpace();
    const start = this.#at;
    let end = start;
    while (end < this.#text.length && '+-.0123456789eE'.includes(this.#text[end])) end++;
    if (end === start) throw this.error(`${what}: expected an integer, found ${this.#found()}`, DAMAGED);
    const digits = this.#text.slice(start, end);
    const value = Number(digits);
    // Only plain digits print back as they were: no sign, fraction, exponent, leading zero or lost digit.
    if (!Number.isSafeInteger(value) || value < 0 || String(value) !== digits) {
      throw this.error(
        `${what} is ${shorten(digits)}`,
        'Expected an integer from 0 to 9007199254740991, in plain digits.',
      );
    }
    this.#at = end;
    return value;
  }

  #unescape(raw: string, what: string): string {
    let value: unknown;
    try {
      value = JSON.parse(`"${raw}"`);
    } catch {
      value = undefined;
    }
    if (typeof value !== 'string')
      throw this.error(`${what}: ${quote(raw)} has an escape that JSON does not know`, DAMAGED);
    if (hasLoneSurrogate(value)) {
      throw this.error(`${what}: ${quote(raw)} has half of a surrogate pair`, 'Write the name with whole characters.');
    }
    return value;
  }

  #expect(symbol: string, what: string, wanted: string): void {
    if (!this.#take(symbol)) throw this.error(`${what}: expected ${wanted}, found ${this.#found()}`, DAMAGED);
  }

  #take(symbol: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== symbol) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    while (this.#at < this.#text.length && ' \t\n\r'.includes(this.#text[this.#at])) this.#at++;
  }

  /** What stands at the current position, in words. */
  #found(): string {
    if (this.#at >= this.#text.length) return 'the end of the header';
    const symbol = this.#text[this.#at];
    if (symbol === '"') return 'a string';
    if (symbol === '{') return 'an object';
    if (symbol === '[') return 'a list';
    if ('-0123456789'.includes(symbol)) return 'a number';
    for (const word of ['true', 'false', 'null']) if (this.#text.startsWith(word, this.#at)) return word;
    return quote(String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0));
  }
}

/** Whether text holds half of a surrogate pair, which UTF-8 cannot store. */
export function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}
