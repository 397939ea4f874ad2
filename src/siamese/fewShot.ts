import { take } from '../autograd/ops/indexed.ts';
import { scope } from '../autograd/scope.ts';
import { noGrad } from '../autograd/tape.ts';
import { groupByClass } from '../data/batches.ts';
import type { LabelledSet } from '../data/imageSet.ts';
import { checkInteger } from '../tensor/check.ts';
import type { Random } from '../tensor/random.ts';
import { embedSet } from './embedSet.ts';
import { mostAlike } from './mostAlike.ts';
import { finiteEmbeddings, type Measure, type Twin } from './twin.ts';

/** Options of `evaluateFewShot`. */
export interface FewShotOptions {
  /** Classes an episode (N-way). */
  readonly ways: number;
  /** Known samples of each class (K-shot). Default 1. */
  readonly shots?: number | undefined;
  /** Unknown samples of each class an episode. Default 1. */
  readonly queries?: number | undefined;
  /** Number of episodes, at least 2, as one alone says nothing about the spread. Default 400. */
  readonly episodes?: number | undefined;
  readonly random: Random;
}

/** What `evaluateFewShot` found. */
export interface FewShotReport {
  /** Share of queries whose most alike known sample is of their class. */
  readonly accuracy: number;
  /** Half the width of the 95 % confidence interval of the accuracy, over episodes. */
  readonly confidence95: number;
  /** Accuracy of guessing, 1 / ways. */
  readonly chance: number;
  readonly episodes: number;
  readonly ways: number;
  readonly shots: number;
}

/**
 * N-way K-shot recognition: in each episode, N classes are drawn with K known samples each, and every query goes to the
 * class of the known sample that is most alike. Every sample is embedded once. Records nothing.
 *
 * Source: Lake, Salakhutdinov, Tenenbaum 2015 (the task); Vinyals et al. 2016 (episodes).
 * Throws: RangeError where fewer than `ways` classes have `shots + queries` samples.
 *
 * @example
 * const set = imageSet({ shape: [4, 1, 1], data: new Uint8Array([0, 10, 200, 210]) }, [0, 0, 1, 1]);
 * evaluateFewShot(new Twin(new Flatten(), { compare: euclidean }), set, { ways: 2, random: createRandom(1) }).accuracy // 1
 */
export function evaluateFewShot(twin: Twin<Measure>, set: LabelledSet, options: FewShotOptions): FewShotReport {
  const { ways, shots = 1, queries = 1, episodes = 400, random } = options;
  checkInteger('evaluateFewShot', 'ways', ways, 2);
  checkInteger('evaluateFewShot', 'shots', shots, 1);
  checkInteger('evaluateFewShot', 'queries', queries, 1);
  checkInteger('evaluateFewShot', 'episodes', episodes, 2);
  const classes = groupByClass('evaluateFewShot', set.labels).filter((members) => members.length >= shots + queries);
  if (classes.length < ways) {
    throw new RangeError(
      `evaluateFewShot: ${classes.length} classes have ${shots + queries} samples, fewer than ${ways} ways. Lower ways, shots or queries.`,
    );
  }
  const embeddings = finiteEmbeddings('evaluateFewShot', 'sample', embedSet(twin, set));
  const accuracies = Array.from({ length: episodes }, (_, episode) => {
    const stream = random.fork(episode);
    const chosen = [...stream.permutation(classes.length).subarray(0, ways)].map((c) => {
      const members = classes[c];
      return [...stream.permutation(members.length).subarray(0, shots + queries)].map((i) => members[i]);
    });
    const known = chosen.flatMap((samples) => samples.slice(0, shots));
    const unknown = chosen.flatMap((samples) => samples.slice(shots));
    const right = scope(() =>
      noGrad(() => {
        const gallery = take(embeddings, known);
        return unknown.filter((query) => {
          const [best] = mostAlike(twin, take(embeddings, [query]), gallery, 1);
          return set.labels[known[best.index]] === set.labels[query];
        });
      }),
    );
    return right.length / unknown.length;
  });
  const accuracy = accuracies.reduce((total, value) => total + value, 0) / episodes;
  const variance =
    accuracies.reduce((total, value) => total + (value - accuracy) * (value - accuracy), 0) / (episodes - 1);
  // 1.96 standard errors hold 95 % of a normal distribution.
  return { accuracy, confidence95: 1.96 * Math.sqrt(variance / episodes), chance: 1 / ways, episodes, ways, shots };
}
