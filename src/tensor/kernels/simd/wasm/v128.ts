import {
  type Binary,
  code,
  type Expression,
  type Load,
  load as loading,
  type Operand,
  type Store,
  store as storing,
  vectors,
} from './code.ts';

export const zero: Expression<'v128'> = [0xfd, 0x0c, ...new Array<number>(16).fill(0)];
export const load: Load<'v128'> = loading(0xfd, 0x00);
/** Four copies of one float32 in memory. */
export const loadSplat: Load<'v128'> = loading(0xfd, 0x09);
/** Two copies of one float64 in memory. */
export const loadSplat64: Load<'v128'> = loading(0xfd, 0x0a);
/** One float32 in lane 0, 0 elsewhere. */
export const loadLane0: Load<'v128'> = loading(0xfd, 0x5c);
/** Eight bytes, 0 above. */
export const loadLow: Load<'v128'> = loading(0xfd, 0x5d);
export const store: Store<'v128'> = storing([0xfd, 0x0b]);
/** Writes lane 0, one float32. */
export const storeLane0: Store<'v128'> = storing([0xfd, 0x5a], [0]);
/** Writes the lower eight bytes. */
export const storeLow: Store<'v128'> = storing([0xfd, 0x5b], [0]);
export const and: Binary<'v128'> = vectors(0x4e);
export const or: Binary<'v128'> = vectors(0x50);

/** Bits of a where the mask is 1, of b where it is 0. */
export function select(a: Operand<'v128'>, b: Operand<'v128'>, mask: Operand<'v128'>): Expression<'v128'> {
  return [code(a), code(b), code(mask), 0xfd, 0x52];
}

/** 32-bit lanes by number: 0 to 3 of a, 4 to 7 of b. */
export function shuffle(a: Operand<'v128'>, b: Operand<'v128'>, lanes: readonly number[]): Expression<'v128'> {
  const bytes = lanes.map((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte));
  return [code(a), code(b), 0xfd, 0x0d, bytes];
}
