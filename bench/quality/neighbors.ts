import {
  embedSet,
  type LabelledImages,
  type Measure,
  nearestRows,
  noGrad,
  normalize,
  type Tensor,
  type Twin,
} from 'twingrad';

/** The embeddings of a whole set, scaled to length 1, as `transform` prepares its images. */
export function unitEmbeddings(twin: Twin<Measure>, set: LabelledImages, transform?: (x: Tensor) => Tensor): Tensor {
  return noGrad(() => normalize(embedSet(twin, set, { transform })));
}

/** Embeddings with the class of each. */
export interface Labelled {
  readonly embeddings: Tensor;
  readonly labels: Int32Array;
}

/**
 * Share of the queries whose class most of their k nearest references have. Of classes with as many votes, the one
 * whose nearest reference is nearer wins.
 */
export function neighborAccuracy(queries: Labelled, references: Labelled, k: number): number {
  const { indices } = nearestRows(queries.embeddings, references.embeddings, { k });
  let right = 0;
  for (let q = 0; q < queries.labels.length; q++) {
    const votes = new Map<number, number>();
    for (const i of indices.data.subarray(q * k, (q + 1) * k)) {
      const label = references.labels[i];
      votes.set(label, (votes.get(label) ?? 0) + 1);
    }
    // A Map keeps the order of first insertion, which is by distance: the first of the largest wins.
    const [winner] = [...votes].reduce((best, entry) => (entry[1] > best[1] ? entry : best));
    if (winner === queries.labels[q]) right++;
  }
  return right / queries.labels.length;
}
