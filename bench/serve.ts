import { createInterface } from 'node:readline';
import { Bench } from 'tinybench';
import { checksumOf, type HostArrays, makeArrays } from './arrays.ts';
import type { Kind } from './benchmarks.ts';
import { type Answer, type Hello, NO_SUCH_OPERATION, type Request, type Timing } from './protocol.ts';

/** What a run leaves: numbers that JavaScript can read. */
export type Result = number | Float32Array | readonly Float32Array[];

/** A benchmark made ready: inputs and weights are in place. */
export interface Prepared {
  readonly run: () => Result;
  /** Brings a result into the order of NCHW and OIHW for the checksum, outside the timing. */
  readonly order?: (result: Result) => Result;
}

/** What a library can do, and why it cannot do the rest. */
export type Abilities = Readonly<Partial<Record<Kind, ((arrays: HostArrays) => Prepared) | string>>>;

/** Answers requests from stdin, until it ends. */
export async function serve(hello: Hello, abilities: Abilities): Promise<void> {
  const subjects = new Map<string, Subject | string>();
  say(hello);
  for await (const line of createInterface({ input: process.stdin })) {
    const request: Request = JSON.parse(line);
    const subject = subjects.get(request.id) ?? prepare(abilities, request);
    // One benchmark at a time: arrays of the last one would crowd caches and heap.
    subjects.clear();
    subjects.set(request.id, subject);
    say(typeof subject === 'string' ? { cannot: subject } : attempt(() => subject.time(request)));
  }
}

function say(message: Hello | Answer): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function prepare(abilities: Abilities, { kind, arrays }: Request): Subject | string {
  const ability = abilities[kind] ?? NO_SUCH_OPERATION;
  if (typeof ability === 'string') return ability;
  const subject = attempt(() => new Subject(ability(makeArrays(arrays))));
  return 'cannot' in subject ? subject.cannot : subject;
}

/** An exception ends one benchmark, not the worker. */
function attempt<T>(fn: () => T): T | { readonly cannot: string } {
  try {
    return fn();
  } catch (error) {
    return { cannot: `fails: ${error instanceof Error ? error.message : String(error)}` };
  }
}

class Subject {
  readonly #prepared: Prepared;
  #runs = 0;
  #checksum: number | null = null;

  constructor(prepared: Prepared) {
    this.#prepared = prepared;
  }

  time({ id, samples, repetitions }: Request): Timing {
    const bench = new Bench({ iterations: samples, time: 0, warmup: false, throws: true });
    let made = 0;
    const sample = () => {
      const before = process.memoryUsage().arrayBuffers;
      const overriddenDuration = this.#sample(repetitions);
      made = Math.max(made, (process.memoryUsage().arrayBuffers - before) / repetitions);
      return { overriddenDuration };
    };
    // Told that it is synchronous, tinybench does not call it once more to find out.
    bench.add(id, sample, { async: false });
    const [{ result }] = bench.runSync();
    if (!('latency' in result)) throw new Error(`${id} did not finish: ${result.state}`);
    return { ms: result.latency.p50, checksum: this.#checksum, made, held: process.memoryUsage().arrayBuffers };
  }

  /** Milliseconds of one run, the mean of a loop: a clock is too coarse for less than a microsecond. */
  #sample(repetitions: number): number {
    const { run, order } = this.#prepared;
    let result: Result = 0;
    const start = performance.now();
    for (let i = 0; i < repetitions; i++) result = run();
    const ms = (performance.now() - start) / repetitions;
    this.#runs += repetitions;
    if (this.#runs === 2) this.#checksum = checksum(order === undefined ? result : order(result));
    return ms;
  }
}

function checksum(result: Result): number {
  if (typeof result === 'number') return result;
  return checksumOf(result instanceof Float32Array ? [result] : result);
}
