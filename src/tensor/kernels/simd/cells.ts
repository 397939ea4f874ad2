import { hyperbolicTangent, logistic } from './curves.ts';
import { type Access, along } from './streams.ts';
import { type Assembler, locals, type NewLocal, range, set, vectorLocals } from './wasm/assembler.ts';
import type { Local, Statement } from './wasm/code.ts';
import * as f32x4 from './wasm/f32x4.ts';
import * as i32 from './wasm/i32.ts';

/* The gates of one step of a recurrent layer: rows of `hidden` numbers, or of as many for each gate, gate after gate. */

const { add, constant, mul, sub } = f32x4;

/** Where the gates of a row lie that begins at `base`. */
function gatesAt(local: NewLocal, base: Local<'i32'>, hidden: Local<'i32'>, gates: number) {
  const pointers = locals(local, gates);
  const bytes = i32.shl(hidden, 2);
  const start = pointers.map((pointer, i) => set(pointer, i === 0 ? base : i32.add(pointers[i - 1], bytes)));
  // The last one has gone to the end of the row, where the next one begins.
  return { pointers, start, next: set(base, pointers[gates - 1]) };
}

/** `lstmGates(rows, hidden, input, given, before, gates, cell, shown, next)`; `given` may be `gates`. */
export function defineLstmGates(wasm: Assembler): void {
  wasm.define('lstmGates', 9, (local, rows, hidden, input, given, before, gates, cell, shown, next) => {
    const row = local('i32');
    const [from, held, to] = [input, given, gates].map((base) => gatesAt(local, base, hidden, 4));
    const [sum, content, visible] = vectorLocals(local, 3);
    const opened = vectorLocals(local, 4);
    const body = ({ load, store }: Access): Statement[] => [
      ...opened.flatMap((gate, i) => [
        set(sum, add(load(from.pointers[i]), load(held.pointers[i]))),
        ...(i === 2 ? hyperbolicTangent : logistic)(local, sum, gate),
        store(to.pointers[i], gate),
      ]),
      set(content, add(mul(opened[1], load(before)), mul(opened[0], opened[2]))),
      ...hyperbolicTangent(local, content, visible),
      store(cell, content),
      store(shown, visible),
      store(next, mul(opened[3], visible)),
    ];
    const pointers = [...from.pointers, ...held.pointers, ...to.pointers, before, cell, shown, next];
    return [
      range(row, 0, rows, 1, [
        ...[from, held, to].flatMap(({ start }) => start),
        ...along(local, pointers, hidden, 16, body, 1),
        ...[from, held, to].map(({ next }) => next),
      ]),
    ];
  });
}

/** `gruGates(rows, hidden, bias, input, given, state, gates, candidate, next)`; `given` may be `gates`. */
export function defineGruGates(wasm: Assembler): void {
  wasm.define('gruGates', 9, (local, rows, hidden, bias, input, given, state, gates, candidate, next) => {
    const [row, first] = locals(local, 2);
    const [from, held, to, added] = [input, given, gates, first].map((base) => gatesAt(local, base, hidden, 3));
    const [sum, own] = vectorLocals(local, 2);
    const opened = vectorLocals(local, 3);
    const body = ({ load, store }: Access): Statement[] => [
      ...opened.flatMap((gate, i) => [
        set(own, add(load(held.pointers[i]), load(added.pointers[i]))),
        ...(i === 2 ? [store(candidate, own), set(own, mul(opened[0], own))] : []),
        set(sum, add(load(from.pointers[i]), own)),
        ...(i === 2 ? hyperbolicTangent : logistic)(local, sum, gate),
        store(to.pointers[i], gate),
      ]),
      store(next, add(mul(sub(constant(1), opened[1]), opened[2]), mul(opened[1], load(state)))),
    ];
    const pointers = [...from.pointers, ...held.pointers, ...to.pointers, ...added.pointers, state, candidate, next];
    return [
      range(row, 0, rows, 1, [
        set(first, bias),
        ...[from, held, to, added].flatMap(({ start }) => start),
        ...along(local, pointers, hidden, 16, body, 1),
        ...[from, held, to].map(({ next }) => next),
      ]),
    ];
  });
}
