import { relu } from '../autograd/ops/activations.ts';
import { checkInteger } from '../tensor/check.ts';
import type { Random } from '../tensor/random.ts';
import { Linear } from './dense.ts';
import type { Layer } from './module.ts';
import { BatchNorm1d } from './normalizations.ts';
import { Sequential } from './sequential.ts';

/** Options of `projectionHead`. */
export interface ProjectionHeadOptions {
  /** Where the first values are drawn from. */
  readonly random: Random;
  /** Puts a BatchNorm1d between each hidden Linear and its relu. Default true. */
  readonly batchNorm?: boolean | undefined;
  /** Puts a BatchNorm1d after the last Linear too. Default false. */
  readonly lastBatchNorm?: boolean | undefined;
}

/**
 * The small network behind an encoder that self-supervised losses are computed on: Linear, BatchNorm1d, relu for each
 * hidden width, then Linear. It is thrown away after training; the embeddings are the encoder's.
 *
 * `widths` are those of input, hidden layers and output. With D the width of the encoder, as published:
 *
 * | method | part | widths | flags |
 * |---|---|---|---|
 * | SimCLR | projector | `[D, D, 128]` | `batchNorm: false` |
 * | SimSiam | projector | `[D, 2048, 2048, 2048]` | `lastBatchNorm: true` |
 * | SimSiam | predictor | `[2048, 512, 2048]` | |
 * | BYOL | projector | `[D, 4096, 256]` | |
 * | BYOL | predictor | `[256, 4096, 256]` | |
 * | Barlow Twins | projector | `[D, 8192, 8192, 8192]` | |
 * | VICReg | expander | `[D, 8192, 8192, 8192]` | |
 *
 * Shapes: `[N, widths[0]] -> [N, widths.at(-1)]`. Names in files are those of PyTorch's `nn.Sequential` of the same
 * layers: `0.weight`, `1.running_mean`, `3.weight`. A Linear before a BatchNorm1d has no bias, which would be subtracted
 * again: all that reached it were rounding errors, which optimizers such as Adam enlarge.
 * Source: Chen et al. 2020 (SimCLR), section 2.1; Chen and He 2021 (SimSiam), section 3; Grill et al. 2020 (BYOL),
 * section 3.3; Zbontar et al. 2021 (Barlow Twins), section 2.2; Bardes, Ponce, LeCun 2022 (VICReg), section 4.2.
 * Throws: RangeError for fewer than two widths, or one that is not an integer of at least 1.
 *
 * @example projectionHead([8, 16, 4], { random: createRandom(1) }).forward(ones([2, 8])).shape // [2, 4]
 * @example countParameters(projectionHead([8, 4], { random: createRandom(1) })) // 36
 */
export function projectionHead(
  widths: readonly number[],
  { batchNorm = true, lastBatchNorm = false, random }: ProjectionHeadOptions,
): Sequential {
  if (widths.length < 2) {
    throw new RangeError(
      `projectionHead: widths must name input and output at least; got [${widths.join(', ')}]. Pass e.g. [64, 128, 32].`,
    );
  }
  for (const [i, width] of widths.entries()) checkInteger('projectionHead', `widths[${i}]`, width, 1);
  const last = widths.length - 2;
  const layers = widths.slice(1).flatMap((width, i): Layer[] => {
    const normalized = i < last ? batchNorm : lastBatchNorm;
    return [
      new Linear(widths[i], width, { random, bias: !normalized }),
      ...(normalized ? [new BatchNorm1d(width)] : []),
      ...(i < last ? [relu] : []),
    ];
  });
  return new Sequential(...layers);
}
