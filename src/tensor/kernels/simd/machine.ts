import { defineGruGates, defineLstmGates } from './cells.ts';
import { defineGelu, defineSigmoid, defineSilu, defineTanh } from './curves.ts';
import { defineCorrelate, defineWeigh } from './depthwise.ts';
import { definePairPanel } from './panels.ts';
import { defineCopyPlanes, defineFold, defineUnfold } from './patches.ts';
import { defineMaxPool, defineMaxPoolGradient } from './pooling.ts';
import { defineColumnProduct, definePackColumns, defineRowProduct } from './products.ts';
import { defineSoftmaxGradientRows, defineSoftmaxRows } from './rows.ts';
import { defineSumRuns } from './runs.ts';
import { defineChannelAffine, defineChannelSums, defineRelu } from './streams.ts';
import { Assembler } from './wasm/assembler.ts';
import { defineGradientTransform, defineInputTransform, defineOutputTransform } from './winograd.ts';
import { createMemory, Workspace } from './workspace.ts';

/** What the kernels run on: the functions of the instance, and its memory. */
export interface Machine {
  readonly workspace: Workspace;
  /** The functions by name; all take integers (addresses and strides in bytes, counts) or floats, and return nothing. */
  readonly run: Readonly<Record<string, (...values: number[]) => void>>;
}

/** The machine, made when it is first asked for; undefined where there is no memory for it. */
export type GetMachine = () => Machine | undefined;

/** Options of `simdBytes`. */
export interface SimdBytesOptions {
  /** With fused multiply-add, for kernels of `createSimdKernels({ relaxed: true })`. Default false. */
  readonly relaxed?: boolean | undefined;
}

/**
 * The WebAssembly module that the SIMD kernels run, in binary format: for compiling it ahead, where a runtime refuses to
 * compile while it runs.
 *
 * @example new Uint8Array(simdBytes().slice(0, 4)).join() // '0,97,115,109'
 */
export function simdBytes({ relaxed = false }: SimdBytesOptions = {}): Uint8Array<ArrayBuffer> {
  const wasm = new Assembler(relaxed);
  for (const define of [
    defineColumnProduct,
    defineRowProduct,
    definePackColumns,
    defineCopyPlanes,
    defineUnfold,
    defineFold,
    defineCorrelate,
    defineWeigh,
    defineInputTransform,
    defineOutputTransform,
    defineGradientTransform,
    defineRelu,
    defineChannelAffine,
    defineChannelSums,
    defineMaxPool,
    defineMaxPoolGradient,
    defineSumRuns,
    definePairPanel,
    defineSoftmaxRows,
    defineSoftmaxGradientRows,
    defineSigmoid,
    defineSilu,
    defineTanh,
    defineGelu,
    defineLstmGates,
    defineGruGates,
  ]) {
    define(wasm);
  }
  return wasm.bytes();
}

/** Starts the module over a memory of `megabytes` at its first use. */
export function startLater(module: WebAssembly.Module, megabytes: number): GetMachine {
  let machine: Machine | undefined;
  let tried = false;
  return () => {
    if (!tried) {
      tried = true;
      const memory = createMemory(megabytes);
      if (memory !== undefined) {
        const { exports } = new WebAssembly.Instance(module, { env: { memory } });
        machine = { workspace: new Workspace(memory), run: exports as Machine['run'] };
      }
    }
    return machine;
  };
}
