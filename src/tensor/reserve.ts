/** A part of the memory that a set of kernels works in: bytes from `start` to `end` of `buffer`, both multiples of 64. */
export interface Reserve {
  readonly buffer: ArrayBuffer;
  readonly start: number;
  readonly end: number;
}

/** Arrays of up to this many floats never lie in a reserve: engines hold them in their heap, and are slow to tell their buffer. */
export const SMALL = 16;
