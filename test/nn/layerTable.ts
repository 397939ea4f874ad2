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
  Conv1d: { make: ({ inputs, outputs, size, ...options }) => new t.Conv1d(inputs, outputs, size, { ...options, random }) },
  Conv2d: { make: ({ inputs, outputs, size, ...options }) => new t.Conv2d(inputs, outputs, size, { ...options, random }) },
  ConvTranspose2d: { make: ({ inputs, outputs, size, ...options }) => new t.ConvTranspose2d(inputs, outputs, size, { ...options, random }) },
  MaxPool2d: { make: ({ size, ...options }) => new t.MaxPool2d(size, options), pytorch: 'is the op maxPool2d' },
  AvgPool2d: { make: ({ size, ...options }) => new t.AvgPool2d(size, options), pytorch: 'is the op avgPool2d' },
  AdaptiveAvgPool2d: { make: ({ size }) => new t.AdaptiveAvgPool2d(size), pytorch: 'is the op adaptiveAvgPool2d' },
  Flatten: { make: () => new t.Flatten(), pytorch: 'is the op flatten' },
  Dropout: { make: ({ p }) => new t.Dropout(p), pytorch: 'is the op dropout' },
  BatchNorm1d: { make: ({ channels, ...options }) => new t.BatchNorm1d(channels, options), pytorch: 'several passes, below' },
  BatchNorm2d: { make: ({ channels, ...options }) => new t.BatchNorm2d(channels, options), pytorch: 'several passes, below' },
  LayerNorm: { make: ({ shape, ...options }) => new t.LayerNorm(shape, options) },
  RMSNorm: { make: ({ shape, ...options }) => new t.RMSNorm(shape, options) },
  GroupNorm: { make: ({ groups, channels, ...options }) => new t.GroupNorm(groups, channels, options) },
  InstanceNorm2d: { make: ({ channels, ...options }) => new t.InstanceNorm2d(channels, options) },
  ArcFaceLoss: { make: ({ width, classes, ...options }) => new t.ArcFaceLoss(width, classes, { ...options, random }), pytorch: 'is the op arcFaceLoss' },
  CosFaceLoss: { make: ({ width, classes, ...options }) => new t.CosFaceLoss(width, classes, { ...options, random }), pytorch: 'is the op cosFaceLoss' },
  ProxyNcaLoss: { make: ({ width, classes, ...options }) => new t.ProxyNcaLoss(width, classes, { ...options, random }), pytorch: 'is the op proxyNcaLoss' },
  ProxyAnchorLoss: { make: ({ width, classes, ...options }) => new t.ProxyAnchorLoss(width, classes, { ...options, random }), pytorch: 'is the op proxyAnchorLoss' },
  Embedding: {
    make: ({ count, width, ...options }) => new t.Embedding(count, width, { ...options, random }),
    call: (layer: t.Embedding, { x }) => layer.forward(t.intTensor(Int32Array.from(x.data), x.shape)),
  },
  MultiHeadAttention: {
    make: ({ width, heads, bias }) => new t.MultiHeadAttention(width, heads, { bias, random }),
    call: (layer: t.MultiHeadAttention, { x, memory = x, mask }) => layer.attend(x, memory, memory, { mask }),
  },
  TransformerEncoderLayer: {
    make: ({ width, heads, causal, ...options }) => Object.assign(new t.TransformerEncoderLayer(width, heads, { ...options, dropout: 0, random }), { causal }),
    call: (layer: t.TransformerEncoderLayer & { readonly causal?: boolean }, { x, mask }) => layer.encode(x, { mask, causal: layer.causal }),
  },
  GRU: {
    make: ({ inputs, hidden, ...options }) => new t.GRU(inputs, hidden, { ...options, random }),
    call: (layer: t.GRU, { x, hidden, lengths }) => (hidden === undefined && lengths === undefined ? layer.forward(x) : all(layer.run(x, { hidden, lengths: integers(lengths) }))),
  },
  LSTM: {
    make: ({ inputs, hidden, ...options }) => new t.LSTM(inputs, hidden, { ...options, random }),
    call: (layer: t.LSTM, { x, hidden, cell, lengths }) => (hidden === undefined && lengths === undefined ? layer.forward(x) : all(layer.run(x, { hidden, cell, lengths: integers(lengths) }))),
  },
  KochHead: { make: ({ size }) => new t.KochHead(size, { random }), call: (head: t.KochHead, { a, b }) => head.compare(a, b) },
  MahalanobisHead: { make: ({ size, ...options }) => new t.MahalanobisHead(size, options), call: (head: t.MahalanobisHead, { a, b }) => head.compare(a, b) },
};

const integers = (x: t.Tensor | undefined): Int32Array | undefined => (x === undefined ? undefined : Int32Array.from(x.data));
/** All that a recurrent layer gives, in one vector. */
const all = (result: t.GRUResult | t.LSTMResult): t.Tensor => t.concat(Object.values(result).map((x: t.Tensor) => t.reshape(x, [-1])));
