import {
  createRandom,
  euclidean,
  fromTensor,
  Linear,
  readIdx,
  readSafetensors,
  saveModel,
  type TrainStep,
  Twin,
  writeSafetensors,
  zeros,
} from 'twingrad';
import { writeFileAtomic } from 'twingrad/node';

/*
 * Compiled, never run. What the library writes goes where the web wants bytes: Blob, Response and crypto.subtle refuse
 * a Uint8Array that could lie in shared memory. What it reads may be any Uint8Array.
 */

const twin = new Twin(new Linear(2, 1, { random: createRandom(1) }), { compare: euclidean });
const model: Uint8Array<ArrayBuffer> = saveModel(twin, { metadata: undefined });
const file: Uint8Array<ArrayBuffer> = writeSafetensors(new Map([['w', fromTensor(zeros([1]))]]), { made: 'today' });

export function save(step: TrainStep): unknown[] {
  const checkpoint: Uint8Array<ArrayBuffer> = step.checkpoint();
  writeFileAtomic('checkpoint.safetensors', checkpoint);
  return [new Blob([checkpoint]), new Blob([model, file]), new Response(model), crypto.subtle.digest('SHA-256', file)];
}

/** What is read lies where the input lies; what is made, in memory of its own. */
export function parts(own: Uint8Array<ArrayBuffer>, any: Uint8Array): Blob[] {
  const entry = readSafetensors(own).get('w');
  // @ts-expect-error the input may lie in shared memory, and so may its parts
  new Blob([readIdx(any).data]);
  return [
    new Blob([fromTensor(zeros([1])).bytes, readIdx(own).data]),
    ...(entry === undefined ? [] : [new Blob([entry.bytes])]),
  ];
}

export function load(shared: Uint8Array<SharedArrayBuffer>, any: Uint8Array): void {
  readSafetensors(shared);
  readSafetensors(any);
  // @ts-expect-error a buffer is not bytes yet
  readSafetensors(any.buffer);
  // @ts-expect-error a view of shared memory is refused
  new Blob([shared]);
}
