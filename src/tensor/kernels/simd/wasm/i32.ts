import { type Binary, binary, code, type Expression, type Load, load as loading, type Operand } from './code.ts';

export const load: Load<'i32'> = loading(0x28);
export const add: Binary<'i32'> = binary(0x6a);
export const sub: Binary<'i32'> = binary(0x6b);
export const mul: Binary<'i32'> = binary(0x6c);
export const and: Binary<'i32'> = binary(0x71);
export const or: Binary<'i32'> = binary(0x72);
export const shl: Binary<'i32'> = binary(0x74);
/** Unsigned, as the comparisons are signed. */
export const shr: Binary<'i32'> = binary(0x76);
export const eq: Binary<'i32'> = binary(0x46);
export const ne: Binary<'i32'> = binary(0x47);
export const lt: Binary<'i32'> = binary(0x48);
export const gt: Binary<'i32'> = binary(0x4a);
export const le: Binary<'i32'> = binary(0x4c);
export const ge: Binary<'i32'> = binary(0x4e);

/** The smaller of two, signed; both are evaluated twice. */
export function min(a: Operand<'i32'>, b: Operand<'i32'>): Expression<'i32'> {
  return [code(a), code(b), lt(a, b), 0x1b];
}
