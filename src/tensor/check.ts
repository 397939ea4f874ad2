/** Throws a RangeError unless an option is an integer of at least `least`; returns it. */
export function checkInteger(op: string, name: string, value: number, least: number): number {
  if (!Number.isInteger(value) || value < least) {
    throw new RangeError(`${op}: ${name} must be an integer of at least ${least}; got ${value}.`);
  }
  return value;
}

/** Index of the first NaN or infinity, or -1. */
export function firstNonFinite(data: Float32Array): number {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i;
  return -1;
}
