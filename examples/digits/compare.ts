import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Distance, mean, noGrad, resize, sub, type Tensor, type Twin } from 'twingrad';
import { createCommand, messageOf, runCommand, UserError } from '../shared/command.ts';
import { readGreyPng } from '../shared/png.ts';
import { readTestImages } from './data.ts';
import { restoreTwin } from './network.ts';
import { DEFAULT_OUT } from './options.ts';

/** Height and width of the images that the encoder takes. */
const SIZE = 28;

const ABOUT = `
A and B are PNG files of one digit each, of any size, or test images by number, as test:0 to test:9999.

Examples:
  npx tsx examples/digits/compare.ts test:0 test:17
  npx tsx examples/digits/compare.ts mine.png test:0`;

await runCommand(() => {
  const command = createCommand('npx tsx examples/digits/compare.ts', 'Says whether two images show the same digit.')
    .argument('<A>', 'one image')
    .argument('<B>', 'the other image')
    .option('--model <file>', 'a model that the demo wrote', join(DEFAULT_OUT, 'model.safetensors'))
    .addHelpText('after', ABOUT)
    .allowExcessArguments(false);
  command.parse(process.argv.slice(2), { from: 'user' });
  const twin = readTwin(command.opts<{ readonly model: string }>().model);
  const [a, b] = command.args.map(readImage);
  const [same] = twin.isSame(a, b);
  const distance = noGrad(() => twin.compare(a, b)).item();
  console.log(
    `${same ? 'same' : 'different'}: distance ${distance.toFixed(4)}, threshold ${twin.threshold?.toFixed(4)} (up to it pairs are called same)`,
  );
});

function readTwin(path: string): Twin<Distance> {
  if (!existsSync(path))
    throw new UserError(`there is no model '${path}'; 'npm run demo' makes one, --model names another`);
  try {
    return restoreTwin(readFileSync(path));
  } catch (error) {
    throw new UserError(`'${path}' is not a model of the digits demo: ${messageOf(error)}`);
  }
}

/** An image as the encoder takes it: 28 x 28, light strokes on a dark ground. */
function readImage(source: string): Tensor {
  const index = /^test:(.*)$/.exec(source)?.[1];
  return index === undefined ? prepare(readGreyPng(source), source) : readTestImage(index, source);
}

function readTestImage(index: string, source: string): Tensor {
  const images = readTestImages();
  if (!/^\d+$/.test(index) || Number(index) >= images.length) {
    throw new UserError(`'${source}' is no test image; they are test:0 to test:${images.length - 1}`);
  }
  return images.batch([Number(index)]);
}

function prepare(image: Tensor, source: string): Tensor {
  const [, , height, width] = image.shape;
  const scaled = height === SIZE && width === SIZE ? image : resize(image, [SIZE, SIZE]);
  if (scaled !== image) console.log(`${source}: resized from ${width} x ${height} to ${SIZE} x ${SIZE} pixels.`);
  // Paper is light: where most of the image is, it was drawn dark on light, and the network knows the opposite.
  if (mean(scaled).item() <= 0.5) return scaled;
  console.log(`${source}: inverted, as it is dark on light and the network knows light on dark.`);
  return sub(1, scaled);
}
