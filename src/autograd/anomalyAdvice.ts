/*
 * What `detectAnomaly` says about the ops that most often make a NaN or an infinity. An op that is not here is described
 * by its shapes alone.
 */

const LARGE =
  'Its numbers have grown too large for float32: lower the learning rate, clip with clipGradientNorm, or normalize the inputs.';

const UNDEFINED =
  'NaN of finite numbers: an argument lies outside of what the op is defined for, such as a negative variance, or the numbers are too large for float32.';

const DIVISOR = 'Keep the divisor away from 0, by adding a small number to it or with divOrZero.';

const FORWARD: Readonly<Record<string, string>> = {
  log: 'log is -Infinity at 0 and NaN below: take logSoftmax, logSumExp or softplus instead of log of softmax, exp or sigmoid, or add a small number.',
  sqrt: 'sqrt is NaN below 0: rounding may bring a difference there, clamp(x, { min: 0 }) keeps it out.',
  div: DIVISOR,
  reciprocal: DIVISOR,
  pow: 'pow is infinite for 0 to a negative exponent, and NaN for a negative base to a fraction.',
  exp: 'exp overflows float32 above 88.7: softmax, logSumExp, sigmoid and softplus take large numbers safely.',
};

const BACKWARD: Readonly<Record<string, string>> = {
  sqrt: 'The slope of sqrt is infinite at 0: for lengths and distances take norm, euclidean or pairwiseDistances, whose gradient there is 0, or add a small number before the root.',
  log: 'The slope of log is infinite at 0: take logSoftmax, logSumExp or softplus, or add a small number.',
  div: DIVISOR,
  reciprocal: DIVISOR,
  pow: 'The slope of pow with an exponent below 1 is infinite at 0: keep the base away from it.',
};

const ELEMENTWISE: ReadonlySet<string> = new Set(
  'add sub mul div divOrZero pow maximum minimum neg abs reciprocal exp log sqrt square sin cos softplus silu gelu elu accumulate'.split(
    ' ',
  ),
);

const CALLED_BY: Readonly<Record<string, string>> = {
  product: 'matmul, linear or attention',
  sumTo: 'sum',
  readPlaces: 'slice',
  writePlaces: 'pad',
};

/** What to do about a value that an op made in forward. */
export function adviceForward(op: string, value: number): string {
  return Object.hasOwn(FORWARD, op) ? FORWARD[op] : adviceOn(value);
}

/** What to do about a value that a pullback made. */
export function adviceBackward(op: string, value: number): string {
  return Object.hasOwn(BACKWARD, op) ? BACKWARD[op] : adviceOn(value);
}

function adviceOn(value: number): string {
  return Number.isNaN(value) ? UNDEFINED : LARGE;
}

/** Whether element i of the result depends on element i of the inputs alone, once broadcast. */
export function isElementwise(op: string): boolean {
  return ELEMENTWISE.has(op);
}

/** The op with what it is called by where its own name is not what users write: `product (matmul, linear)`. */
export function spoken(op: string): string {
  return Object.hasOwn(CALLED_BY, op) ? `${op} (${CALLED_BY[op]})` : op;
}
