import { type AxisWeights, resample } from '../../tensor/kernels/portable/resample.ts';
import { allocate } from '../../tensor/precision.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { record } from '../tape.ts';

/**
 * Images resampled along both axes: averages over windows and interpolations. It is linear, and its gradient is the
 * same with both axes transposed.
 */
export function resample2d(op: string, x: Tensor, rows: AxisWeights, columns: AxisWeights): Tensor {
  const [batch, channels] = x.shape;
  const shape = [batch, channels, rows.first.length, columns.first.length];
  const out = allocate([x], shape);
  resample(x.data, out, batch * channels, rows, columns);
  return record(op, out, shape, [
    [x, (g) => resample2d(`${op}Gradient`, g, transposeAxis(rows), transposeAxis(columns))],
  ]);
}

/** The weights of an axis; `weigh` gives for an output its first input, and the weight of this and each next one. */
export function axisWeights(
  inputs: number,
  outputs: number,
  weigh: (output: number) => readonly [first: number, weights: readonly number[]],
): AxisWeights {
  const first = new Int32Array(outputs);
  const starts = new Int32Array(outputs + 1);
  const weights: number[] = [];
  for (let i = 0; i < outputs; i++) {
    const [from, own] = weigh(i);
    first[i] = from;
    for (const w of own) weights.push(w);
    starts[i + 1] = weights.length;
  }
  return { inputs, first, starts, weights: Float64Array.from(weights) };
}

/** Outputs and inputs exchanged. An input's outputs lie side by side, because windows move in one direction. */
function transposeAxis({ inputs, first, starts, weights }: AxisWeights): AxisWeights {
  const outputs = Array.from({ length: inputs }, () => ({ first: 0, weights: [] as number[] }));
  for (let i = 0; i < first.length; i++) {
    for (let t = starts[i]; t < starts[i + 1]; t++) {
      const output = outputs[first[i] + t - starts[i]];
      if (output.weights.length === 0) output.first = i;
      output.weights.push(weights[t]);
    }
  }
  return axisWeights(first.length, inputs, (i) => [outputs[i].first, outputs[i].weights]);
}
