import { Parameter } from '../autograd/parameter.ts';
import { noGrad } from '../autograd/tape.ts';
import { zeros } from '../tensor/create.ts';
import { IntTensor } from '../tensor/intTensor.ts';
import { checkShape, formatShape, type Shape, sameShape, sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type Failure, LayerCalls, type Place, type Plain } from './layerCalls.ts';
import { type Input, Module } from './module.ts';
import { properties } from './state.ts';

/** A line of the table. */
interface Row extends Place {
  readonly path: string;
  /** The path at which the layer stands first, if this is another. */
  readonly sharedWith: string | undefined;
  /** Trainable numbers of the layer itself, not of the layers in it: those that stand here first, and those met again. */
  own: number;
  shared: number;
}

/**
 * A table of what a module holds: a line for each layer with its path, class, output shape and number of parameters, and
 * the totals below.
 *
 * `input` is a shape with the batch, `[1, 1, 28, 28]`, which stands for zeros, or an example: an `intTensor` for a module
 * that begins with an Embedding. The module runs once, in inference mode and without recording, and is left as it was.
 *
 * A layer's parameters are those that are not in layers of its own, so that the column adds up to the total. A layer or a
 * parameter met again counts where it stands first; of a layer that is called again, the first output is shown. `by run`
 * tells that not `forward` was called but another method. Plain functions are shown where they stand in a Sequential or
 * an array. Buffers (running statistics) are no parameters, but part of the weights' size. Minifiers change class names.
 *
 * Cost: one forward pass.
 * Throws: RangeError or TypeError where a layer fails, with its path, the shape it was given and, as `cause`, its error.
 *
 * @example summary(new Sequential(new Flatten(), relu), [1, 2, 3]).split('\n')[3] // '1       relu        [1, 6]           -'
 */
export function summary(module: Module, input: Shape | Input): string {
  if (!(module instanceof Module))
    throw new TypeError('summary: expected a Module. Pass a layer, a Sequential, a Twin.');
  const { rows, buffers } = rowsOf(module);
  const calls = new LayerCalls();
  const x = toInput(input);
  try {
    calls.begin(rows.filter(({ sharedWith }) => sharedWith === undefined));
    noGrad(() => module.forward(x));
  } catch (error) {
    throw explained(error, rows, calls, input);
  } finally {
    calls.end();
  }
  return `${tableOf(rows, calls)}\n\n${totalsOf(rows, buffers)}`;
}

function rowsOf(module: Module): { readonly rows: readonly Row[]; readonly buffers: number } {
  const row = (path: string, place: Place, sharedWith?: string): Row => ({
    ...place,
    path,
    sharedWith,
    own: 0,
    shared: 0,
  });
  const rows = [row('', { layer: module, holder: module, key: '' })];
  let buffers = 0;
  const ownerOf = (path: string) => rows.findLast((r) => r.layer instanceof Module && isBelow(path, r.path)) ?? rows[0];
  const again = (path: string, value: object) => {
    if (value instanceof Parameter) ownerOf(path).shared += value.size;
    const first = rows.find(({ layer }) => layer === value);
    if (first !== undefined) rows.push(row(path, first, first.path));
  };
  for (const [path, value, holder, key] of properties(module, again)) {
    if (value instanceof Parameter) ownerOf(path).own += value.size;
    else if (value instanceof Tensor) buffers += value.size;
    else if (value instanceof Module || (isPlain(value) && isPlaceOfLayer(key)))
      rows.push(row(path, { layer: value, holder, key }));
  }
  return { rows, buffers };
}

function isBelow(path: string, module: string): boolean {
  return module === '' || path.startsWith(`${module}.`);
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'function';
}

/** Functions elsewhere than in a list are options such as a twin's `metric`, which is no layer. */
function isPlaceOfLayer(key: string): boolean {
  return /^\d+$/.test(key);
}

function toInput(input: Shape | Input): Input {
  if (input instanceof Tensor || input instanceof IntTensor) return input;
  if (Array.isArray(input)) {
    checkShape('summary', input);
    return zeros(input);
  }
  throw new TypeError(
    'summary: expected the shape of an input, as [1, 1, 28, 28], or an example. The batch comes first.',
  );
}

/** What a layer threw, with the innermost layer that did not catch it. */
function explained(error: unknown, rows: readonly Row[], calls: LayerCalls, input: Shape | Input): unknown {
  const failure = error instanceof Error ? calls.failureOf(error) : undefined;
  if (!(error instanceof Error) || failure === undefined) return error;
  const row = rows.find((r) => r === failure.place) ?? rows[0];
  const where = row.path === '' ? nameOf(row) : `layer ${row.path} (${nameOf(row)})`;
  const given = failure.shapes.map(formatShape).join(' and ') || 'no tensor';
  const message = `summary: ${where} was given ${given} and failed. ${error.message}${hintOn(error, failure, input)}`;
  return error instanceof TypeError
    ? new TypeError(message, { cause: error })
    : new RangeError(message, { cause: error });
}

/** What may be wrong with a shape that stands for an input. */
function hintOn({ message }: Error, { shapes: [given] }: Failure, input: Shape | Input): string {
  if (!Array.isArray(input) || given === undefined || !sameShape(given, input)) return '';
  return message.includes('must be integers')
    ? ` (A shape stands for zeros; for integers pass intTensor(new Int32Array(${sizeOf(input)}), ${formatShape(input)}) to summary.)`
    : ' (The shape that summary is given begins with the batch.)';
}

function nameOf({ layer }: Row): string {
  const name = layer instanceof Module ? layer.constructor.name : layer.name;
  return name === '' ? 'function' : name;
}

function tableOf(rows: readonly Row[], calls: LayerCalls): string {
  const lines = rows.map((row) => [
    titleOf(row.path),
    row.sharedWith === undefined ? nameOf(row) : `= ${titleOf(row.sharedWith)}`,
    row.sharedWith === undefined ? outputOf(row, calls) : '',
    countOf(row),
  ]);
  const cells = [['layer', 'class', 'output', 'parameters'], ...lines];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((line) => line[column].length)));
  return cells
    .map((line) => line.map((cell, i) => (i === 3 ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  '))
    .join('\n');
}

function titleOf(path: string): string {
  return path === '' ? '(root)' : path;
}

function outputOf(row: Row, calls: LayerCalls): string {
  const found = calls.of(row);
  if (found === undefined) return 'not seen: frozen';
  if (found === 'none') return 'not called';
  const { method, shape, count } = found;
  const by = method === 'forward' ? '' : ` by ${method}`;
  return `${formatShape(shape)}${by}${count === 1 ? '' : `, ${count} calls`}`;
}

function countOf({ own, shared, sharedWith }: Row): string {
  if (sharedWith !== undefined) return 'shared';
  const again = shared === 0 ? '' : `${grouped(shared)} shared`;
  if (own === 0) return again === '' ? '-' : again;
  return again === '' ? grouped(own) : `${grouped(own)} + ${again}`;
}

function totalsOf(rows: readonly Row[], buffers: number): string {
  const trained = rows.reduce((sum, { own }) => sum + own, 0);
  return [
    `parameters  ${grouped(trained)}, all trainable`,
    `buffers     ${grouped(buffers)}, not trained`,
    `weights     ${sizeText(4 * (trained + buffers))} as float32`,
  ].join('\n');
}

function sizeText(bytes: number): string {
  return bytes < 1000 ? `${bytes} bytes` : `${grouped((bytes / 1000).toFixed(1))} KB`;
}

/** `1,234,567`. */
function grouped(count: number | string): string {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}
