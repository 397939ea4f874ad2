import { type Code, code, type Local, type Operand, type Statement, unsigned, type ValueType } from './code.ts';
import * as i32 from './i32.ts';

/* Control flow, and functions in a module: a small assembler. */

const TYPE_CODES = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b };
const NO_RESULT = 0x40;
const END = 0x0b;

/** Sets bytes of the memory to 0. */
export function clear(from: Operand<'i32'>, bytes: Operand<'i32'>): Statement {
  return [code(from), code(0), code(bytes), 0xfc, 0x0b, 0];
}

export function set<T extends ValueType>(local: Local<T>, value: Operand<T>): Statement {
  return [code(value), 0x21, unsigned(local.index)];
}

/** `local += value`. */
export function advance(local: Local<'i32'>, value: Operand<'i32'>): Statement {
  return set(local, i32.add(local, value));
}

export function when(
  condition: Operand<'i32'>,
  then: readonly Statement[],
  otherwise: readonly Statement[] = [],
): Statement {
  return [code(condition), 0x04, NO_RESULT, then, otherwise.length === 0 ? [] : [0x05, otherwise], END];
}

/** Runs the body, then again while the condition holds. */
export function repeat(body: readonly Statement[], condition: Operand<'i32'>): Statement {
  return [0x03, NO_RESULT, body, code(condition), 0x0d, 0, END];
}

/** Runs the body while the condition holds, maybe never. */
export function loop(condition: Operand<'i32'>, body: readonly Statement[]): Statement {
  return when(condition, [repeat(body, condition)]);
}

/** `for (local = from; local < to; local += step)`, signed. */
export function range(
  local: Local<'i32'>,
  from: Operand<'i32'>,
  to: Operand<'i32'>,
  step: Operand<'i32'>,
  body: readonly Statement[],
): Statement {
  return [...set(local, from), ...loop(i32.lt(local, to), [...body, advance(local, step)])];
}

/** Makes a local variable of the function being defined. */
export type NewLocal = <T extends ValueType>(type: T) => Local<T>;

/** Several addresses or counts. */
export function locals(local: NewLocal, count: number): Local<'i32'>[] {
  return Array.from({ length: count }, () => local('i32'));
}

/** Several vectors. */
export function vectorLocals(local: NewLocal, count: number): Local<'v128'>[] {
  return Array.from({ length: count }, () => local('v128'));
}

/** The functions of one module over an imported memory `env.memory`. All take integers and return nothing. */
export class Assembler {
  /** Whether instructions may be used whose results differ between engines. */
  readonly relaxed: boolean;
  readonly #functions: { readonly name: string; readonly params: number; readonly body: readonly number[] }[] = [];

  constructor(relaxed: boolean) {
    this.relaxed = relaxed;
  }

  /** Defines and exports a function of `params` integers. */
  define(
    name: string,
    params: number,
    build: (local: NewLocal, ...params: readonly Local<'i32'>[]) => readonly Statement[],
  ): void {
    const types: ValueType[] = [];
    const local = <T extends ValueType>(type: T): Local<T> => {
      const index = types.push(type) - 1;
      return { index, get: [0x20, unsigned(index)] };
    };
    const instructions = build(local, ...locals(local, params));
    const declared = list(types.slice(params).map((type) => [1, TYPE_CODES[type]]));
    this.#functions.push({ name, params, body: sized([declared, instructions, END]) });
  }

  /** The module in binary format. */
  bytes(): Uint8Array<ArrayBuffer> {
    const all = this.#functions;
    return new Uint8Array([
      ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...section(
        1,
        all.map(({ params }) => [0x60, list(new Array<number>(params).fill(TYPE_CODES.i32)), 0]),
      ),
      ...section(2, [[text('env'), text('memory'), 2, 0, 1]]),
      ...section(
        3,
        all.map((_, i) => unsigned(i)),
      ),
      ...section(
        7,
        all.map(({ name }, i) => [text(name), 0, unsigned(i)]),
      ),
      ...section(
        10,
        all.map(({ body }) => body),
      ),
    ]);
  }
}

function list(items: Code): Code {
  return [unsigned(items.length), items];
}

/** The bytes of some code, after their number. */
function sized(content: Code): number[] {
  const bytes: number[] = [];
  flatten(content, bytes);
  return [...unsigned(bytes.length), ...bytes];
}

/** By hand: `flat` takes ten times as long. */
function flatten(content: Code, into: number[]): void {
  for (const part of content) {
    if (typeof part === 'number') into.push(part);
    else flatten(part, into);
  }
}

function section(id: number, items: Code): number[] {
  return [id, ...sized(list(items))];
}

function text(ascii: string): Code {
  return list(Array.from(ascii, (letter) => letter.charCodeAt(0)));
}
