import { parameter } from '../autograd/parameter.ts';
import { FormatError } from '../io/formatError.ts';
import { fromTensor, readSafetensors, type Safetensors, toTensor, writeSafetensors } from '../io/safetensors.ts';
import { Module } from '../nn/module.ts';
import { graphSignature } from '../nn/signature.ts';
import { describeModule, loadStateDict, namedParameters, stateDict } from '../nn/state.ts';
import { ones } from '../tensor/create.ts';
import { active } from '../tensor/kernels/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { copyTwin, type Measure, type Twin } from './twin.ts';

/** Counts up when the meaning of the file changes, and so when an op records another graph than it did: see `graphSignature`. */
const MODEL_VERSION = '2';

/** Options of `saveModel`. */
export interface SaveModelOptions {
  /** Strings of your own to keep in the file, such as a date or a data set; names must not begin with `twingrad.`. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/**
 * A twin as a safetensors file: weights and buffers by their names, those of a head too, threshold, comparison, a
 * description of the layers that `loadModel` compares, and which kernels were active. It holds no code.
 *
 * Comparison and function layers are described by the ops they record on ones, without constants: `mul(x, 2)` and
 * `mul(x, 3)` look alike. A comparison that does not take `[1, 1]` embeddings, or a head that does not take `[1, D]` of
 * the D that its first weight ends in, is `custom`, and not compared further but for the layers of the head.
 *
 * @example readSafetensors(saveModel(new Twin(new Linear(2, 1, { random: createRandom(1) }), { compare: euclidean }))).size // 2
 */
export function saveModel(twin: Twin<Measure>, { metadata = {} }: SaveModelOptions = {}): Uint8Array<ArrayBuffer> {
  const own = Object.keys(metadata).find((key) => key.startsWith('twingrad.'));
  if (own !== undefined)
    throw new RangeError(`saveModel: metadata '${own}' begins with 'twingrad.', which is reserved. Rename it.`);
  return writeSafetensors(entriesOf(stateDict(twin)), {
    ...metadata,
    'twingrad.model': MODEL_VERSION,
    'twingrad.compare': compareSignature(twin),
    'twingrad.kernels': active().name,
    'twingrad.layers': JSON.stringify([...describeModule(twin.encoder)]),
    // Only where there is one: other files stay as they were before there were heads.
    ...(twin.head instanceof Module ? { 'twingrad.head': JSON.stringify([...describeHead(twin)]) } : {}),
    ...(twin.threshold === undefined ? {} : { 'twingrad.threshold': String(twin.threshold) }),
  });
}

/**
 * Writes the weights of a model file into `twin`, which must be built as the saved one was, and returns it with the
 * saved threshold, or without one where none was saved. Everything is checked before anything is written.
 *
 * Throws: FormatError for bytes that are not a model file, or whose layers or comparison differ, as far as `saveModel`
 * describes them, naming each difference; ShapeError where names or shapes of weights differ.
 *
 * @example
 * const make = (seed: number) => new Twin(new Linear(2, 1, { random: createRandom(seed) }), { compare: euclidean });
 * loadModel(saveModel(make(1).withThreshold(0.5)), make(2)).threshold // 0.5
 */
export function loadModel<T extends Twin<Measure>>(bytes: Uint8Array, twin: T): T {
  const file = readSafetensors(bytes);
  const { metadata } = file;
  const version = metadata.get('twingrad.model');
  if (version !== MODEL_VERSION) {
    throw new FormatError(
      'loadModel',
      version === undefined
        ? "the file has no 'twingrad.model' in its metadata"
        : `the file has model version '${version}', this library reads ${MODEL_VERSION}`,
      version === undefined
        ? 'For weights from elsewhere use readSafetensors and loadStateDict.'
        : 'Use the version of twingrad that wrote it.',
    );
  }
  const compare = metadata.get('twingrad.compare');
  const own = compareSignature(twin);
  if (compare !== own) {
    throw new FormatError(
      'loadModel',
      `the model compares by '${compare}', the twin by '${own}'`,
      'Build the twin with the comparison that it was saved with.',
    );
  }
  checkLayers([
    ...differences('', parseLayers('twingrad.layers', metadata.get('twingrad.layers')), describeModule(twin.encoder)),
    ...differences('head.', parseLayers('twingrad.head', metadata.get('twingrad.head') ?? '[]'), describeHead(twin)),
  ]);
  const threshold = readThreshold(metadata.get('twingrad.threshold'));
  loadStateDict(twin, tensorsOf('loadModel', file, ''));
  return threshold === twin.threshold ? twin : copyTwin(twin, threshold);
}

/** Tensors as entries of a file, their names after `prefix`. */
export function entriesOf(
  tensors: ReadonlyMap<string, Tensor>,
  prefix = '',
): Map<string, ReturnType<typeof fromTensor>> {
  return new Map([...tensors].map(([name, t]) => [prefix + name, fromTensor(t)]));
}

/** The tensors of a file whose names begin with `prefix`, without it. Throws: FormatError for one that is not float32. */
export function tensorsOf(op: string, file: Safetensors, prefix: string): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [name, entry] of file) {
    if (!name.startsWith(prefix)) continue;
    if (entry.dtype !== 'F32') {
      throw new FormatError(
        op,
        `the tensor '${name}' is ${entry.dtype}, where this kind of file holds F32 only`,
        'Use a file as it was written; readSafetensors and loadStateDict take other types.',
      );
    }
    tensors.set(name.slice(prefix.length), toTensor(entry));
  }
  return tensors;
}

/** The ops behind a comparison, as they are recorded: functions' own names do not survive minifiers. */
function compareSignature({ metric, head }: Twin<Measure>): string {
  const shape = [1, widthOf(head)];
  return graphSignature(metric, [parameter(ones(shape)), parameter(ones(shape))]) ?? 'custom';
}

/** How wide the embeddings are that a comparison takes: a function those of any width, a head as its first weight. */
function widthOf(head: Twin<Measure>['head']): number {
  const [weight] = head instanceof Module ? namedParameters(head).values() : [];
  return weight?.shape.at(-1) ?? 1;
}

/** The layers of a head; a function has none. */
function describeHead({ head }: Twin<Measure>): Map<string, string> {
  return head instanceof Module ? describeModule(head) : new Map();
}

function parseLayers(name: string, text: string | undefined): Map<string, string> {
  try {
    const lines: unknown = JSON.parse(text ?? '');
    if (!Array.isArray(lines)) throw new SyntaxError('not a list');
    return new Map(
      lines.map((line: unknown) => (Array.isArray(line) ? [String(line[0]), String(line[1])] : [String(line), ''])),
    );
  } catch {
    throw new FormatError(
      'loadModel',
      `the description '${name}' is missing or not a list`,
      'The file is damaged: save the model again.',
    );
  }
}

/** A line for each layer that is not the same on both sides. */
function differences(prefix: string, saved: ReadonlyMap<string, string>, own: ReadonlyMap<string, string>): string[] {
  return [...new Set([...saved.keys(), ...own.keys()])]
    .filter((name) => saved.get(name) !== own.get(name))
    .map(
      (name) =>
        `${prefix}${name}: ${saved.get(name) ?? 'absent'} in the file, ${own.get(name) ?? 'absent'} in the twin`,
    );
}

function checkLayers(lines: readonly string[]): void {
  if (lines.length === 0) return;
  const more = lines.length > 8 ? `; and ${lines.length - 8} more` : '';
  throw new FormatError(
    'loadModel',
    `the layers differ (${lines.slice(0, 8).join('; ')}${more})`,
    'Build the twin as it was when the model was saved.',
  );
}

function readThreshold(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const threshold = Number(text);
  if (text.trim() === '' || !Number.isFinite(threshold)) {
    throw new FormatError(
      'loadModel',
      `the threshold '${text}' is not a finite number`,
      'The file is damaged: save the model again.',
    );
  }
  return threshold;
}
