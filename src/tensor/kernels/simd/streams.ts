import { type Assembler, advance, loop, type NewLocal, range, set, vectorLocals } from './wasm/assembler.ts';
import type { Expression, Local, Operand, Statement } from './wasm/code.ts';
import * as f32x4 from './wasm/f32x4.ts';
import * as f64x2 from './wasm/f64x2.ts';
import * as i32 from './wasm/i32.ts';
import * as v128 from './wasm/v128.ts';

/* Elementwise kernels, and kernels that treat a channel alike: what moves much memory and computes little. */

/** How often the body of a loop over vectors is repeated, so that counting costs little beside it. */
const UNROLL = 4;

/** Reads and writes one part of a vector's worth of floats: all of it, half of it, or a single one. */
export interface Access {
  readonly load: (address: Local<'i32'>) => Expression<'v128'>;
  readonly store: (address: Local<'i32'>, value: Operand<'v128'>) => Statement;
  /** Which of the repeated bodies this is; 0 for a single float. */
  readonly round: number;
  readonly single: boolean;
}

/**
 * Runs `body` along `count` floats at `pointers`, `bytes` of them at a time and then one at a time. A single float lies
 * in lane 0, with 0 in the others. A long body is not worth repeating (`unroll` 1).
 */
export function along(
  local: NewLocal,
  pointers: readonly Local<'i32'>[],
  count: Operand<'i32'>,
  bytes: 8 | 16,
  body: (access: Access) => readonly Statement[],
  unroll: number = UNROLL,
): Statement[] {
  const end = local('i32');
  const [first] = pointers;
  const move = (step: number) => pointers.map((pointer) => advance(pointer, step));
  const [load, store] = bytes === 16 ? [v128.load, v128.store] : [v128.loadLow, v128.storeLow];
  const rounds = Array.from({ length: unroll }, (_, round) =>
    body({
      load: (address) => load(address, round * bytes),
      store: (address, value) => store(address, value, round * bytes),
      round,
      single: false,
    }),
  );
  const single = body({
    load: v128.loadLane0,
    store: (address, value) => v128.storeLane0(address, value),
    round: 0,
    single: true,
  });
  const step = unroll * bytes;
  return [
    set(end, i32.add(first, i32.shl(count, 2))),
    loop(i32.le(first, i32.sub(end, step)), [...rounds, ...move(step)]),
    loop(i32.lt(first, end), [...single, ...move(4)]),
  ];
}

/** `relu(count, x, out)` and `gate(count, g, y, out)`. */
export function defineRelu(wasm: Assembler): void {
  wasm.define('relu', 3, (local, count, x, out) =>
    // pmax keeps NaN, being its first operand, and -0, which the addition turns into 0.
    along(local, [x, out], count, 16, ({ load, store }) => [
      store(out, f32x4.add(f32x4.pmax(load(x), v128.zero), v128.zero)),
    ]),
  );
  wasm.define('gate', 4, (local, count, g, y, out) =>
    along(local, [g, y, out], count, 16, ({ load, store }) => [
      store(out, v128.and(load(g), f32x4.ne(load(y), v128.zero))),
    ]),
  );
}

/** Doubles of a channel's record for `channelAffine`: scale, shift, slope. */
export const FACTORS = 3;

/**
 * Doubles of a channel's record for `channelSums`: its center twice, then, carried from image to image, partial sums
 * of a and as many of a (x - center).
 */
export const SUMS: number = 2 + 4 * UNROLL;

/**
 * Defines `name1(channels, pixels, records, x, ...rest)` for neighboring channels of one image, and `name2`, which takes
 * g after x. `build` gets the address of a channel's record.
 */
function defineChannels(
  wasm: Assembler,
  name: string,
  rest: number,
  recordSize: number,
  build: (
    local: NewLocal,
    record: Local<'i32'>,
    x: Local<'i32'>,
    g: Local<'i32'> | undefined,
    rest: readonly Local<'i32'>[],
  ) => readonly [before: Statement[], body: (access: Access) => readonly Statement[], after: Statement[]],
): void {
  for (const inputs of [1, 2]) {
    wasm.define(name + inputs, 3 + inputs + rest, (local, channels, pixels, record, ...pointers) => {
      const [before, body, after] = build(
        local,
        record,
        pointers[0],
        inputs === 2 ? pointers[1] : undefined,
        pointers.slice(inputs),
      );
      return [
        range(local('i32'), 0, channels, 1, [
          ...before,
          ...along(local, pointers, pixels, 8, body),
          ...after,
          advance(record, 8 * recordSize),
        ]),
      ];
    });
  }
}

export function defineChannelAffine(wasm: Assembler): void {
  defineChannels(wasm, 'channelAffine', 1, FACTORS, (local, record, x, g, [out]) => {
    const factors = vectorLocals(local, FACTORS);
    const [scale, shift, slope] = factors;
    return [
      factors.map((factor, i) => set(factor, v128.loadSplat64(record, 8 * i))),
      ({ load, store }) => {
        const one = f64x2.add(f64x2.mul(f64x2.promote(load(x)), scale), shift);
        const sum = g === undefined ? one : f64x2.add(one, f64x2.mul(f64x2.promote(load(g)), slope));
        return [store(out, f32x4.demote(sum))];
      },
      [],
    ];
  });
}

export function defineChannelSums(wasm: Assembler): void {
  defineChannels(wasm, 'channelSums', 0, SUMS, (local, record, x, g) => {
    const [a, v] = [local('v128'), local('v128')];
    // The first holds the center.
    const vectors = vectorLocals(local, SUMS / 2);
    return [
      vectors.map((vector, i) => set(vector, v128.load(record, 16 * i))),
      ({ load, round, single }) => {
        const [total, product] = [vectors[1 + round], vectors[1 + UNROLL + round]];
        return [
          set(v, f64x2.sub(f64x2.promote(load(x)), vectors[0])),
          set(a, g === undefined ? v : f64x2.promote(load(g))),
          // The upper half of a single float is no element.
          ...(single ? [set(a, v128.shuffle(a, v128.zero, [0, 1, 4, 5]))] : []),
          set(total, f64x2.add(total, a)),
          set(product, f64x2.add(product, f64x2.mul(a, v))),
        ];
      },
      vectors.map((vector, i) => v128.store(record, vector, 16 * i)),
    ];
  });
}
