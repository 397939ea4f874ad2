import type { ChannelSpec, Kernels } from '../kernels.ts';
import * as portable from '../portable/channels.ts';
import type { GetMachine, Machine } from './machine.ts';
import { eachPart, MOST_STAGED, orPortable } from './parts.ts';
import { FACTORS, SUMS } from './streams.ts';

/** From this many pixels on a channel is long enough for vectors. */
const LEAST = 16;

/**
 * Sums and affine maps of channels on vectors. The portable `channelAffine` has the same bits, but sums are taken in
 * another order, so which kernel adds them up depends on the shape of an image alone.
 */
export function createChannels(getMachine: GetMachine): Required<Pick<Kernels, 'channelSums' | 'channelAffine'>> {
  const suits = ({ channels, pixels }: ChannelSpec) =>
    pixels >= LEAST && 3 * pixels + 2 * (SUMS + FACTORS) * channels < MOST_STAGED;
  return {
    channelSums: orPortable(
      getMachine,
      ([, , , , , spec]) => suits(spec),
      portable.channelSums,
      (machine, x, g, centers, totals, products, spec) => {
        const records = new Float64Array(SUMS * spec.channels);
        for (let i = 0; i < records.length; i += SUMS) records[i] = records[i + 1] = centers[i / SUMS];
        const sums = eachChannel(machine, 'channelSums', x, g, [], records, spec);
        const half = SUMS / 2 - 1;
        totals.fill(0);
        products.fill(0);
        for (let c = 0, i = 0; c < spec.channels; c++) {
          i += 2;
          for (const end = i + half; i < end; i++) totals[c] += sums[i];
          for (const end = i + half; i < end; i++) products[c] += sums[i];
        }
      },
    ),
    channelAffine: orPortable(
      getMachine,
      ([, , , , spec]) => suits(spec),
      portable.channelAffine,
      (machine, x, g, factors, out, spec) => {
        eachChannel(machine, 'channelAffine', x, g, [out], factors, spec);
      },
    ),
  };
}

/**
 * Runs a kernel on neighboring channels of one image, as many as there are or are staged together. Returns the records
 * of all channels as it leaves them.
 */
function eachChannel(
  machine: Machine,
  name: string,
  x: Float32Array,
  g: Float32Array | undefined,
  outputs: readonly Float32Array[],
  records: Float64Array,
  { batch, channels, pixels }: ChannelSpec,
): Float64Array {
  const { workspace, run } = machine;
  const placed = new Float64Array(workspace.floats.buffer, workspace.take(2 * records.length), records.length);
  placed.set(records);
  const inputs = g === undefined ? [x] : [x, g];
  eachPart(workspace, batch * channels, inputs, outputs, (first, count, ...addresses) => {
    for (let done = 0, few = 0; done < count; done += few) {
      const channel = (first + done) % channels;
      few = Math.min(count - done, channels - channel);
      run[name + inputs.length](
        few,
        pixels,
        placed.byteOffset + (channel * placed.byteLength) / channels,
        ...addresses.map((address) => address + 4 * pixels * done),
      );
    }
  });
  return placed;
}
