import { type Binary, code, type Expression, type Operand, type Unary, unsigned, vector, vectors } from './code.ts';

export const ne: Binary<'v128'> = vectors(0x42);
export const nearest: Unary<'v128'> = vector(0x6a);
export const gt: Binary<'v128'> = vectors(0x44);
export const abs: Unary<'v128'> = vector(0xe0);
export const neg: Unary<'v128'> = vector(0xe1);
export const add: Binary<'v128'> = vectors(0xe4);
export const sub: Binary<'v128'> = vectors(0xe5);
export const mul: Binary<'v128'> = vectors(0xe6);
export const div: Binary<'v128'> = vectors(0xe7);
/** `b < a ? b : a`: one machine instruction, and a where a lane is NaN. */
export const pmin: Binary<'v128'> = vectors(0xea);
/** `a < b ? b : a`: one machine instruction, and a where a lane is NaN. */
export const pmax: Binary<'v128'> = vectors(0xeb);
/** Two doubles rounded into the low lanes, 0 above. */
export const demote: Unary<'v128'> = vector(0x5e);

/** `a * b + c`, rounded once or twice as the engine likes. */
export function relaxedMultiplyAdd(a: Operand<'v128'>, b: Operand<'v128'>, c: Operand<'v128'>): Expression<'v128'> {
  return [code(a), code(b), code(c), 0xfd, unsigned(0x105)];
}

/** One float32 in all lanes. */
export function constant(value: number): Expression<'v128'> {
  return [0xfd, 0x0c, ...new Uint8Array(new Float32Array(4).fill(value).buffer)];
}
