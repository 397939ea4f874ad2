import { type Binary, binary, type Load, load as loading, type Store, store as storing } from './code.ts';

export const add: Binary<'f32'> = binary(0x92);
export const load: Load<'f32'> = loading(0x2a);
export const store: Store<'f32'> = storing([0x38]);
