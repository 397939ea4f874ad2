import type { Benchmark } from './benchmarks.ts';
import type { Answer, Request } from './protocol.ts';

/** A library that answers requests, one at a time. */
export interface Contestant {
  readonly library: string;
  ask(request: Request): Promise<Answer>;
}

/** How long to measure. */
export interface Effort {
  /** Rounds for what is fast. */
  readonly rounds: number;
  /** Rounds for what takes more than `SLOW_MS`. */
  readonly slowRounds: number;
  /** Milliseconds of warming up, and of one sample. */
  readonly warmUpMs: number;
  readonly sampleMs: number;
}

/** What was measured of one library: a time for each round, or a reason why not. */
export type Outcome = {
  readonly library: string;
} & (
  | { readonly rounds: readonly number[]; readonly checksum: number; readonly made: number; readonly held: number }
  | { readonly cannot: string }
);

/** From here on the first run was all the warming up there is. */
const SLOW_MS = 2000;
/** From here on fewer rounds do: noise of the machine is small beside it. */
const LONG_MS = 300;
const LONG_ROUNDS = 5;
const SAMPLES = 3;

interface Plan {
  readonly contestant: Contestant;
  readonly rounds: number;
  readonly samples: number;
  readonly repetitions: number;
  readonly times: number[];
  checksum: number;
  /** Bytes of array buffers, as in `Timing`. */
  made: number;
  held: number;
}

/** Times a benchmark in all libraries: each is warmed up, then every round asks each of them once, in rotating order. */
export async function compare(
  benchmark: Benchmark,
  contestants: readonly Contestant[],
  effort: Effort,
): Promise<Outcome[]> {
  const ready = new Map<string, Plan | string>();
  for (const contestant of contestants) ready.set(contestant.library, await warmUp(contestant, benchmark, effort));
  const most = Math.max(...[...ready.values()].map((plan) => (typeof plan === 'string' ? 0 : plan.rounds)));
  for (let round = 0; round < most; round++) {
    for (let i = 0; i < contestants.length; i++) {
      const { library } = contestants[(round + i) % contestants.length];
      const plan = ready.get(library);
      if (plan === undefined || typeof plan === 'string' || round >= plan.rounds) continue;
      const answer = await plan.contestant.ask(request(benchmark, plan.samples, plan.repetitions));
      if ('cannot' in answer) {
        ready.set(library, answer.cannot);
        continue;
      }
      plan.times.push(answer.ms);
      plan.checksum = answer.checksum ?? plan.checksum;
      plan.made = Math.max(plan.made, answer.made);
      plan.held = answer.held;
    }
  }
  return contestants.map(({ library }) => {
    const plan = ready.get(library);
    if (plan === undefined || typeof plan === 'string') return { library, cannot: plan ?? '' };
    const { times, checksum, made, held } = plan;
    return { library, rounds: times, checksum, made, held };
  });
}

/** Runs once, once more, and then for some time; how long a run takes decides how to go on. */
async function warmUp(contestant: Contestant, benchmark: Benchmark, effort: Effort): Promise<Plan | string> {
  const plan = (ms: number): Plan => ({
    contestant,
    rounds: ms > SLOW_MS ? effort.slowRounds : ms > LONG_MS ? Math.min(LONG_ROUNDS, effort.rounds) : effort.rounds,
    samples: ms > effort.sampleMs ? 1 : SAMPLES,
    repetitions: Math.max(1, Math.round(effort.sampleMs / ms)),
    times: [],
    checksum: Number.NaN,
    made: 0,
    held: 0,
  });
  const first = await contestant.ask(request(benchmark, 1, 1));
  if ('cannot' in first) return first.cannot;
  if (first.ms > SLOW_MS) return plan(first.ms);
  let last = await contestant.ask(request(benchmark, 1, 1));
  for (let spent = 0; spent < effort.warmUpMs; ) {
    if ('cannot' in last) return last.cannot;
    const repetitions = Math.max(1, Math.floor(Math.min(effort.sampleMs, effort.warmUpMs - spent) / last.ms));
    last = await contestant.ask(request(benchmark, 1, repetitions));
    if ('ms' in last) spent += last.ms * repetitions;
  }
  if ('cannot' in last) return last.cannot;
  return { ...plan(last.ms), checksum: last.checksum ?? Number.NaN };
}

function request({ id, kind, arrays }: Benchmark, samples: number, repetitions: number): Request {
  return { id, kind, arrays, samples, repetitions };
}
