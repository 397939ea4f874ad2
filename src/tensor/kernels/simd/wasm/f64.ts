import { type Binary, binary, type Store, store as storing } from './code.ts';

export const add: Binary<'f64'> = binary(0xa0);
export const store: Store<'f64'> = storing([0x39]);
