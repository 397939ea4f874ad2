import { type Binary, code, type Expression, type Operand, type Unary, vector, vectors } from './code.ts';

export const sqrt: Unary<'v128'> = vector(0xef);
export const add: Binary<'v128'> = vectors(0xf0);
export const sub: Binary<'v128'> = vectors(0xf1);
export const mul: Binary<'v128'> = vectors(0xf2);
/** The two low float32 lanes in double precision. */
export const promote: Unary<'v128'> = vector(0x5f);

export function extract(value: Operand<'v128'>, lane: number): Expression<'f64'> {
  return [code(value), 0xfd, 0x21, lane];
}
