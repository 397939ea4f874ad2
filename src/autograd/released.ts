import { replaceData, type Tensor } from '../tensor/tensor.ts';

/*
 * What stands in the place of a released tensor's data: a proxy that throws at whatever is asked of it. So reading
 * `data` costs living tensors nothing, and a released one never gives the numbers of another.
 */

const AFTER_SCOPE = throwing(
  'data: the tensor was released when the scope that made it closed. Return it from the scope, or keep(x) inside it.',
);

const AFTER_PULLBACK = throwing(
  'data: the tensor is an intermediate of a backward pass inside a scope, and was released after the last pullback that may use it. Compute it again, or keep(x) it.',
);

/** Makes reading a tensor throw, because its scope has closed. */
export function releaseAfterScope(x: Tensor): void {
  replaceData(x, AFTER_SCOPE);
}

/** Makes reading a tensor throw, because the backward pass is done with it. */
export function releaseAfterPullback(x: Tensor): void {
  replaceData(x, AFTER_PULLBACK);
}

/** Whether a tensor was released; reading it throws then. */
export function isReleased({ data }: Tensor): boolean {
  return data === AFTER_SCOPE || data === AFTER_PULLBACK;
}

function throwing(message: string): Float32Array {
  const fail = (): never => {
    throw new RangeError(message);
  };
  return new Proxy(new Float32Array(0), {
    get: fail,
    set: fail,
    has: fail,
    ownKeys: fail,
    getPrototypeOf: fail,
    setPrototypeOf: fail,
    getOwnPropertyDescriptor: fail,
    defineProperty: fail,
    deleteProperty: fail,
    isExtensible: fail,
    preventExtensions: fail,
  });
}
