import type * as api from '../../src/portable.ts';
import type { IntTensor, Tensor } from '../../src/portable.ts';
import { activations } from './table/activations.ts';
import { batchLosses } from './table/batchLosses.ts';
import { classLosses } from './table/classLosses.ts';
import { distances } from './table/distances.ts';
import { elementwise } from './table/elementwise.ts';
import { images } from './table/images.ts';
import { indexing } from './table/indexing.ts';
import { losses } from './table/losses.ts';
import { normalization } from './table/normalization.ts';
import { products } from './table/products.ts';
import { reductions } from './table/reductions.ts';
import type { Row } from './table/row.ts';
import { shapes } from './table/shapes.ts';
import { viewLosses } from './table/viewLosses.ts';

/** Exported functions that give a tensor but are no ops: makers of leaves, data preparation, parts of the engine. */
type NotAnOp =
  | 'tensor' | 'zeros' | 'ones' | 'full' | 'arange' | 'intTensor' | 'parameter' | 'toTensor'
  | 'record' | 'recordAs' | 'pullThrough' | 'noGrad' | 'detectAnomaly' | 'scope' | 'keep' | 'cloneModule' | 'loadModel'
  | 'kaimingUniform' | 'kaimingNormal' | 'xavierUniform' | 'xavierNormal' | 'orthogonal' | 'truncatedNormal'
  | 'augment' | 'resize' | 'normalizeImages' | 'embedSet';

type Api = typeof api;
/** What an op gives: a tensor, indices, several, or values with their indices. */
type Result = Tensor | IntTensor | readonly Tensor[] | { readonly values: Tensor; readonly indices: IntTensor };
/** Every op, distance and loss: a missing row in the table below does not compile. */
export type OpName = Exclude<{ [K in keyof Api]: Api[K] extends (...args: never) => Result ? K : never }[keyof Api], NotAnOp>;

/** The families, in the order of docs/ops.md. */
export const families = {
  elementwise, activations, reductions, shapes, indexing, products, images, normalization, distances, losses,
  batchLosses, classLosses, viewLosses,
} as const;

export const opTable: Record<OpName, Row> = {
  ...elementwise,
  ...activations,
  ...reductions,
  ...shapes,
  ...indexing,
  ...products,
  ...images,
  ...normalization,
  ...distances,
  ...losses,
  ...batchLosses,
  ...classLosses,
  ...viewLosses,
};
