import {
  type Binary,
  code,
  type Expression,
  type Operand,
  type Unary,
  unary,
  unsigned,
  vector,
  vectors,
} from './code.ts';

export const splat: Unary<'i32', 'v128'> = unary(0xfd, 0x11);
/** Shifts all lanes by one number; `shr` keeps the sign. */
export const shl: (a: Operand<'v128'>, by: Operand<'i32'>) => Expression<'v128'> = shift(0xab);
export const shr: (a: Operand<'v128'>, by: Operand<'i32'>) => Expression<'v128'> = shift(0xac);
/** Four float32 to integers; 0 where one is NaN. */
export const truncate: Unary<'v128'> = vector(0xf8);
export const eq: Binary<'v128'> = vectors(0x37);
export const add: Binary<'v128'> = vectors(0xae);
export const sub: Binary<'v128'> = vectors(0xb1);

export function constant(...lanes: readonly [number, number, number, number]): Expression<'v128'> {
  return [0xfd, 0x0c, ...new Uint8Array(Int32Array.from(lanes).buffer)];
}

function shift(opcode: number): (a: Operand<'v128'>, by: Operand<'i32'>) => Expression<'v128'> {
  return (a, by) => [code(a), code(by), 0xfd, unsigned(opcode)];
}
