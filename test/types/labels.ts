import {
  asDistance,
  asSimilarity,
  contrastiveLoss,
  cosineSimilarity,
  type Distance,
  euclidean,
  mul,
  type Similarity,
  type Tensor,
  tensor,
  zeros,
} from 'twingrad';

/*
 * Compiled, never run: what follows a `@ts-expect-error` must be refused, and everything else accepted.
 * What a label means, and which way a number runs, is a matter of types (architecture.md, decision 15).
 */

const a = zeros([2, 3]);
const distance: Distance = euclidean(a, a);
const similarity: Similarity = cosineSimilarity(a, a);
const different = new Uint8Array([0, 1]);

// A loss of distances takes distances alone.
contrastiveLoss(distance, { different });
contrastiveLoss(asDistance(tensor([1, 2])), { different });
// @ts-expect-error a similarity runs the other way
contrastiveLoss(similarity, { different });
// @ts-expect-error a similarity runs the other way
contrastiveLoss(asSimilarity(tensor([1, 2])), { different });
// @ts-expect-error a plain tensor may be anything
contrastiveLoss(tensor([1, 2]), { different });

// Labels say what 1 means, and say it once.
contrastiveLoss(distance, { same: [1, 0] });
contrastiveLoss(distance, { different: [true, false] });
contrastiveLoss(distance, { different: tensor([0, 1]) });
// @ts-expect-error bare labels
contrastiveLoss(distance, different);
// @ts-expect-error bare labels
contrastiveLoss(distance, [0, 1]);
// @ts-expect-error nothing said
contrastiveLoss(distance, {});
// @ts-expect-error both said
contrastiveLoss(distance, { different, same: [1, 0] });
contrastiveLoss(distance, { different, same: undefined });
// @ts-expect-error another word
contrastiveLoss(distance, { y: different });
// @ts-expect-error texts
contrastiveLoss(distance, { different: ['0', '1'] });

// Arithmetic forgets the kind.
const doubled: Tensor = mul(distance, 2);
// @ts-expect-error twice a distance is a tensor, until asDistance says otherwise
const stillDistance: Distance = mul(distance, 2);
// @ts-expect-error so a loss refuses it
contrastiveLoss(mul(distance, 2), { different });
contrastiveLoss(asDistance(doubled), { different });

// The two kinds are not each other.
// @ts-expect-error lower against higher is more alike
const wrong: Distance = similarity;
const measure: 'distance' = distance.measure;

export { measure, stillDistance, wrong };
