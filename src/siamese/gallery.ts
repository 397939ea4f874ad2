import { concat } from '../autograd/ops/joining.ts';
import { slice } from '../autograd/ops/rearrange.ts';
import { keep } from '../autograd/scope.ts';
import { noGrad } from '../autograd/tape.ts';
import type { Input } from '../nn/module.ts';
import { checkInteger } from '../tensor/check.ts';
import { ShapeError } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { embedRows } from './embedSet.ts';
import { mostAlike } from './mostAlike.ts';
import { finiteEmbeddings, type Measure, type Twin } from './twin.ts';

/** One entry of a gallery that a query was compared with. */
export interface Match<L> {
  readonly label: L;
  /** Position in the gallery, in the order of adding. */
  readonly index: number;
  /** Distance or similarity to the query, as `twin.compare` gives it. */
  readonly score: number;
}

/** What the neighbors of a query agree on. */
export interface Vote<L> {
  readonly label: L;
  /** How many of the k neighbors have this label. */
  readonly votes: number;
  /** The neighbors, most alike first. */
  readonly matches: readonly Match<L>[];
}

/** Options of `search` and `vote`. */
export interface SearchOptions {
  /** Number of neighbors; at most all. Default 5. */
  readonly k?: number | undefined;
}

/**
 * Known inputs, embedded once, to compare many queries with: k-NN search and recognition. Records nothing.
 *
 * Entries are embedded with the weights of the moment they are added: where the twin is trained on, they are out of
 * date, while queries are not. Make a new gallery then.
 *
 * Cost: one forward pass an input, in chunks, whose activations are all that is held besides the embeddings; a query
 * costs `size * D` operations.
 *
 * @example
 * const gallery = new Gallery<string>(new Twin(new Flatten(), { compare: euclidean }));
 * gallery.add(tensor([[0, 0], [9, 9]]), ['ann', 'bob']);
 * gallery.vote(tensor([[1, 1]]), { k: 1 })[0].label // 'ann'
 */
export class Gallery<L extends string | number> {
  readonly #twin: Twin<Measure>;
  readonly #labels: L[] = [];
  /** Embeddings in the order of adding; joined when they are searched. */
  #parts: Tensor[] = [];

  constructor(twin: Twin<Measure>) {
    this.#twin = twin;
  }

  /** Number of entries. */
  get size(): number {
    return this.#labels.length;
  }

  /**
   * Embeds inputs `[N, ...sample]` and keeps them under N labels. Throws: ShapeError where the numbers differ, or the
   * embeddings are of another length than those kept; RangeError, with the input, for one that is not finite.
   */
  add(x: Input, labels: readonly L[]): void {
    if (x.shape[0] !== labels.length) {
      throw new ShapeError(
        'gallery.add',
        `${x.shape[0]} inputs need as many labels`,
        [x.shape, [labels.length]],
        'Pass one label an input.',
      );
    }
    const added = finiteEmbeddings('gallery.add', 'input', embedRows(this.#twin, x));
    const [first = added] = this.#parts;
    checkLengths('gallery.add', first, added);
    // Copied, because embeddings may share the memory of inputs, which callers reuse.
    this.#parts.push(new Tensor(added.data.slice(), added.shape));
    for (const label of labels) this.#labels.push(label);
  }

  /**
   * For each query `[N, ...sample]` its k most alike entries, most alike first; at a tie the one added first.
   * Throws: RangeError where the gallery is empty, a query embeds to NaN, or k is not an integer of at least 1.
   */
  search(x: Input, { k = 5 }: SearchOptions = {}): Match<L>[][] {
    if (this.size === 0) throw new RangeError('gallery.search: the gallery is empty. Add known inputs first.');
    checkInteger('gallery.search', 'k', k, 1);
    return noGrad(() => {
      if (this.#parts.length > 1) this.#parts = [keep(concat(this.#parts))];
      const [entries] = this.#parts;
      const queries = finiteEmbeddings('gallery.search', 'input', embedRows(this.#twin, x));
      checkLengths('gallery.search', entries, queries);
      return Array.from({ length: x.shape[0] }, (_, i) =>
        mostAlike(this.#twin, slice(queries, [[i, i + 1]]), entries, k).map(({ index, score }) => ({
          label: this.#labels[index],
          index,
          score,
        })),
      );
    });
  }

  /** For each query the label that most of its k neighbors have; at a tie the one with the most alike neighbor. */
  vote(x: Input, options: SearchOptions = {}): Vote<L>[] {
    return this.search(x, options).map((matches) => {
      const votes = new Map<L, number>();
      for (const { label } of matches) votes.set(label, (votes.get(label) ?? 0) + 1);
      // A Map keeps the order of first insertion, which is by likeness: the first of the largest wins.
      const [label, count] = [...votes].reduce((best, entry) => (entry[1] > best[1] ? entry : best));
      return { label, votes: count, matches };
    });
  }
}

function checkLengths(op: string, known: Tensor, embeddings: Tensor): void {
  if (known.shape[1] === embeddings.shape[1]) return;
  throw new ShapeError(
    op,
    'embeddings of different lengths cannot be compared',
    [known.shape, embeddings.shape],
    'Pass inputs of the size of those added before.',
  );
}
