import { type Binary, type Expression, type Unary, unary, vectors } from './code.ts';

export const splat: Unary<'i32', 'v128'> = unary(0xfd, 0x11);
export const eq: Binary<'v128'> = vectors(0x37);
export const add: Binary<'v128'> = vectors(0xae);
export const sub: Binary<'v128'> = vectors(0xb1);

export function constant(...lanes: readonly [number, number, number, number]): Expression<'v128'> {
  return [0xfd, 0x0c, ...new Uint8Array(Int32Array.from(lanes).buffer)];
}
