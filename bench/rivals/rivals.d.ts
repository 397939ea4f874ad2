/*
 * The part of the rivals that the workers call. Declared here so that types are checked before, and without, the rivals
 * being installed; such declarations win over those of an installed package.
 */

declare module '@tensorflow/tfjs-core' {
  export interface Tensor {
    readonly shape: number[];
    dataSync(): Float32Array | Int32Array | Uint8Array;
    dispose(): void;
  }
  type Operand = Tensor | number;
  type Padding = 'same' | 'valid';
  export function setBackend(name: string): Promise<boolean>;
  export function env(): {
    set(flag: string, value: boolean): void;
    getAsync(flag: string): Promise<boolean | number | string>;
  };
  export function tensor(data: Float32Array, shape: readonly number[]): Tensor;
  export function variable(initial: Tensor): Tensor;
  export function tidy<T>(run: () => T): T;
  export function dispose(tensors: readonly Tensor[]): void;
  export function add(a: Operand, b: Operand): Tensor;
  export function sub(a: Operand, b: Operand): Tensor;
  export function mul(a: Operand, b: Operand): Tensor;
  export function square(x: Tensor): Tensor;
  export function sqrt(x: Tensor): Tensor;
  export function relu(x: Tensor): Tensor;
  export function squaredDifference(a: Tensor, b: Tensor): Tensor;
  export function sum(x: Tensor, axis?: number, keepDims?: boolean): Tensor;
  export function mean(x: Tensor): Tensor;
  export function reshape(x: Tensor, shape: readonly number[]): Tensor;
  export function slice(x: Tensor, begin: readonly number[], size: readonly number[]): Tensor;
  export function concat(tensors: readonly Tensor[]): Tensor;
  export function matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  export function conv2d(x: Tensor, filter: Tensor, strides: number, padding: Padding): Tensor;
  export function maxPool(x: Tensor, size: number, strides: number, padding: Padding): Tensor;
  export function grads(f: (...xs: Tensor[]) => Tensor): (xs: readonly Tensor[]) => Tensor[];
  export function valueAndGrad(
    f: (x: Tensor) => Tensor,
  ): (x: Tensor) => { readonly value: Tensor; readonly grad: Tensor };
  export const train: {
    adam(learningRate: number): { minimize(f: () => Tensor, returnCost: true): Tensor };
  };
}

declare module '@tensorflow/tfjs-core/dist/register_all_gradients';

declare module '@tensorflow/tfjs-backend-cpu';

declare module '@tensorflow/tfjs-backend-wasm' {
  export function setWasmPaths(folder: string): void;
  export function setThreadsCount(threads: number): void;
}

declare module '@jax-js/jax' {
  export interface Array {
    readonly shape: number[];
    readonly ref: Array;
    add(other: Array | number): Array;
    sub(other: Array | number): Array;
    mul(other: Array | number): Array;
    div(other: Array | number): Array;
    sum(axis: number): Array;
    max(axis: readonly number[]): Array;
    reshape(shape: readonly number[]): Array;
    dataSync(): Float32Array | Int32Array;
    item(): number;
    dispose(): void;
  }
  export const numpy: {
    array(data: Float32Array | number): Array;
    zeros(shape: readonly number[]): Array;
    concatenate(arrays: readonly Array[]): Array;
    split(x: Array, parts: number): Array[];
    matmul(a: Array, b: Array): Array;
    transpose(x: Array): Array;
    square(x: Array): Array;
    sqrt(x: Array): Array;
    mean(x: Array): Array;
  };
  type Values = Array | readonly Array[] | { readonly [name: string]: Array };
  export function init(device: string): Promise<string[]>;
  export function defaultDevice(device: string): string;
  export function jit<A extends Values[], R>(f: (...args: A) => R): (...args: A) => R;
  export function grad<A extends Values[]>(
    f: (...args: A) => Array,
    options: { readonly argnums: readonly number[] },
  ): (...args: A) => Array[];
  export function valueAndGrad<P extends Values, A extends Values[]>(
    f: (parameters: P, ...args: A) => Array,
  ): (parameters: P, ...args: A) => [Array, P];
  export const lax: {
    conv(x: Array, weight: Array, strides: readonly number[], padding: readonly (readonly number[])[]): Array;
  };
  export const nn: { relu(x: Array): Array };
}

declare module 'ml-matrix' {
  export class Matrix {
    static from1DArray(rows: number, columns: number, data: readonly number[]): Matrix;
    mmul(other: Matrix): Matrix;
    to1DArray(): number[];
  }
}
