import type * as api from '../../src/portable.ts';
import * as t from '../../src/portable.ts';

type Api = typeof api;
/** Every layer: a missing row below does not compile. Sequential and Twin only call others. */
export type LayerName = Exclude<
  { [K in keyof Api]: Api[K] extends abstract new (...args: never) => t.Module ? K : never }[keyof Api],
  'Module' | 'Sequential' | 'Twin'
>;

/** How a layer is made and called for a case of the PyTorch fixtures. */
export interface LayerRow {
  /** From the options of the case, the sizes among them. */
  // biome-ignore lint/suspicious/noExplicitAny: options come from a JSON file.
  readonly make: (options: any) => t.Module;
  /** Where it is not `layer.forward(inputs.x)`. */
  // biome-ignore lint/suspicious/noExplicitAny: each layer's own type.
  readonly call?: (layer: any, inputs: Readonly<Record<string, t.Tensor>>) => t.Tensor;
  /** Why no case is compared, where none is. */
  readonly pytorch?: string;
}

const random = t.createRandom(0);

export const layerTable: Record<LayerName, LayerRow> = {
  Linear: { make: ({ inputs, outputs, ...options }) => new t.Linear(inputs, outputs, { ...options, random }) },
  Conv2d: { make: ({ inputs, outputs, size, ...options }) => new t.Conv2d(inputs, outputs, size, { ...options, random }) },
  MaxPool2d: { make: ({ size, ...options }) => new t.MaxPool2d(size, options), pytorch: 'is the op maxPool2d' },
  Flatten: { make: () => new t.Flatten(), pytorch: 'is the op flatten' },
  Dropout: { make: ({ p }) => new t.Dropout(p), pytorch: 'is the op dropout' },
  BatchNorm1d: { make: ({ channels, ...options }) => new t.BatchNorm1d(channels, options), pytorch: 'several passes, below' },
  BatchNorm2d: { make: ({ channels, ...options }) => new t.BatchNorm2d(channels, options), pytorch: 'several passes, below' },
};
