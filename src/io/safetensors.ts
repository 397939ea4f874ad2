import { isDouble } from '../tensor/precision.ts';
import { formatShape, type Shape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { byteLengthOf, type Dtype, dtypeNames, fromFloat32, isDtype, toFloat32 } from './dtypes.ts';
import { FormatError } from './formatError.ts';
import { hasLoneSurrogate, parseHeader, quote, shorten } from './header.ts';
import { checkLayout, NOT_SAFETENSORS, TRUNCATED } from './layout.ts';

/** A tensor as it lies in a file: row-major, little-endian. */
export interface SafetensorsEntry<B extends ArrayBufferLike = ArrayBufferLike> {
  readonly dtype: Dtype;
  readonly shape: Shape;
  /** The elements. From `readSafetensors` a view into the input, not a copy: it changes with it, and keeps it alive. */
  readonly bytes: Uint8Array<B>;
}

/** The tensors of a file by name, in the order of its header, and the strings of its `__metadata__`. */
export class Safetensors<B extends ArrayBufferLike = ArrayBufferLike> extends Map<string, SafetensorsEntry<B>> {
  readonly metadata: ReadonlyMap<string, string>;

  constructor(entries: Iterable<readonly [string, SafetensorsEntry<B>]>, metadata: ReadonlyMap<string, string>) {
    super(entries);
    this.metadata = metadata;
  }
}

/** The reference implementation refuses longer headers, so that a few bytes cannot make it reserve gigabytes. */
const MAX_HEADER_BYTES = 100_000_000;

/**
 * Reads a safetensors file without copying: every entry's bytes are a view into `bytes`.
 *
 * The whole file is checked first: each tensor's size against its shape, and that the tensors fill the data without
 * hole or overlap. Values are not looked at. `toTensor` converts an entry.
 *
 * Throws: FormatError, naming the tensor and the place, where the file is damaged or not a safetensors file.
 *
 * @example readSafetensors(writeSafetensors(new Map([['w', fromTensor(ones([2, 3]))]]))).get('w')?.shape // [2, 3]
 */
export function readSafetensors<B extends ArrayBufferLike>(bytes: Uint8Array<B>): Safetensors<B> {
  const op = 'readSafetensors';
  if (!isBytes(bytes))
    throw new TypeError(`${op}: expected a Uint8Array. Wrap an ArrayBuffer with new Uint8Array(buffer).`);
  const dataStart = 8 + headerLength(op, bytes);
  const header = parseHeader(op, decodeHeader(op, bytes, dataStart));
  checkLayout(op, header, bytes.length - dataStart);
  const entries: [string, SafetensorsEntry<B>][] = [];
  for (const [name, { dtype, shape, begin, end }] of header.tensors) {
    // Not subarray(): on a Node Buffer that would give Buffers.
    entries.push([
      name,
      { dtype, shape, bytes: new Uint8Array(bytes.buffer, bytes.byteOffset + dataStart + begin, end - begin) },
    ]);
  }
  return new Safetensors(entries, header.metadata);
}

/**
 * A safetensors file, byte for byte as the reference implementation writes it: `__metadata__` first (left out where it
 * is empty), tensors by falling size of their type, then by name, and the data starting at a multiple of 8 bytes.
 *
 * The order of `entries` does not matter; metadata keeps its order.
 *
 * Throws: TypeError for a wrong kind of value, RangeError for an unknown dtype, a bad shape, bytes that do not fill it,
 * or a name the format cannot hold; the message names the entry.
 *
 * @example writeSafetensors(new Map()).length // 16
 */
export function writeSafetensors(
  entries: ReadonlyMap<string, SafetensorsEntry>,
  metadata?: Readonly<Record<string, string>> | ReadonlyMap<string, string> | undefined,
): Uint8Array<ArrayBuffer> {
  const op = 'writeSafetensors';
  const sorted = inFileOrder(op, entries);
  const members = metadata === undefined ? [] : metadataMember(op, metadata);
  let dataBytes = 0;
  for (const [name, { dtype, shape, bytes }] of sorted) {
    const end = dataBytes + bytes.length;
    members.push(
      `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape.join(',')}],"data_offsets":[${dataBytes},${end}]}`,
    );
    dataBytes = end;
  }
  const header = new TextEncoder().encode(`{${members.join(',')}}`);
  const headerBytes = Math.ceil(header.length / 8) * 8;
  if (headerBytes > MAX_HEADER_BYTES) {
    throw new RangeError(
      `${op}: the header takes ${headerBytes} bytes, over the limit of ${MAX_HEADER_BYTES}. Shorten names or metadata.`,
    );
  }
  const file = new Uint8Array(8 + headerBytes + dataBytes);
  new DataView(file.buffer).setUint32(0, headerBytes, true);
  file.fill(0x20, 8, 8 + headerBytes);
  file.set(header, 8);
  let at = 8 + headerBytes;
  for (const [, { bytes }] of sorted) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

/**
 * A fresh float32 tensor with an entry's values.
 *
 * F32, F16 and BF16 convert exactly and keep NaN payloads; F64 and integers beyond 2^24 round to the nearest float32,
 * and F64 beyond its range becomes an infinity; BOOL gives 0 and 1 (any byte but 0 is true).
 *
 * Throws: TypeError for the 8-bit floats, which are carried as raw bytes only; RangeError where bytes do not fill the
 * shape.
 *
 * @example toTensor({ dtype: 'I8', shape: [2], bytes: new Uint8Array([1, 255]) }).toArray() // [1, -1]
 */
export function toTensor(entry: SafetensorsEntry): Tensor {
  checkEntry('toTensor', 'the entry', entry);
  const data = toFloat32(entry.dtype, entry.bytes);
  if (data === undefined) {
    throw new TypeError(
      `toTensor: there is no conversion from ${entry.dtype} to float32. Decode its bytes yourself, or store it as BF16.`,
    );
  }
  return new Tensor(data, [...entry.shape]);
}

/**
 * An F32 entry with a copy of a tensor's values, NaN payloads included.
 *
 * Throws: TypeError for a double-precision tensor, as made for checking gradients: it would lose digits silently.
 *
 * @example Array.from(fromTensor(tensor([1])).bytes) // [0, 0, 128, 63]
 */
export function fromTensor(t: Tensor): SafetensorsEntry<ArrayBuffer> {
  if (isDouble(t.data)) {
    throw new TypeError(
      'fromTensor: the tensor is in double precision, for gradient checks. Save the float32 tensor it was made from.',
    );
  }
  return { dtype: 'F32', shape: [...t.shape], bytes: fromFloat32(t.data) };
}

function headerLength(op: string, bytes: Uint8Array): number {
  if (bytes.length < 8) {
    throw new FormatError(
      op,
      `the file has ${bytes.length} bytes, fewer than the 8 that hold the header's length`,
      TRUNCATED,
    );
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length === 0n) throw new FormatError(op, 'the header length, bytes 0 to 8, is 0', NOT_SAFETENSORS);
  if (length > MAX_HEADER_BYTES) {
    throw new FormatError(
      op,
      `the header length, bytes 0 to 8, is ${length}, over the limit of ${MAX_HEADER_BYTES}`,
      NOT_SAFETENSORS,
    );
  }
  if (length > bytes.length - 8) {
    throw new FormatError(
      op,
      `the header length, bytes 0 to 8, is ${length}, but only ${bytes.length - 8} bytes follow`,
      TRUNCATED,
    );
  }
  return Number(length);
}

function decodeHeader(op: string, bytes: Uint8Array, dataStart: number): string {
  if (bytes[8] !== 0x7b) {
    throw new FormatError(
      op,
      `the header does not start with "{": byte 8 is 0x${bytes[8].toString(16).padStart(2, '0')}`,
      NOT_SAFETENSORS,
    );
  }
  // Copied, because TextDecoder refuses shared memory.
  const header = new Uint8Array(bytes.subarray(8, dataStart));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(header);
  } catch {
    throw new FormatError(op, `the header, bytes 8 to ${dataStart}, is not UTF-8`, NOT_SAFETENSORS);
  }
}

function inFileOrder(op: string, entries: ReadonlyMap<string, SafetensorsEntry>): [string, SafetensorsEntry][] {
  if (!(Symbol.iterator in Object(entries)))
    throw new TypeError(`${op}: expected a Map of entries. Use new Map(Object.entries(...)).`);
  const sorted = [...entries];
  for (const [name, entry] of sorted) {
    const what = `entry ${quote(String(name))}`;
    checkText(op, `the name of ${what}`, name);
    if (name === '__metadata__')
      throw new RangeError(`${op}: ${what} has the name that the format keeps for metadata. Rename it.`);
    checkEntry(op, what, entry);
  }
  const order = dtypeNames();
  return sorted.sort(([a, x], [b, y]) => order.indexOf(x.dtype) - order.indexOf(y.dtype) || compareCodePoints(a, b));
}

function metadataMember(
  op: string,
  metadata: Readonly<Record<string, string>> | ReadonlyMap<string, string>,
): string[] {
  const members: string[] = [];
  for (const [key, value] of Symbol.iterator in metadata ? metadata : Object.entries(metadata)) {
    checkText(op, `metadata key ${quote(String(key))}`, key);
    checkText(op, `the value of metadata ${quote(key)}`, value);
    members.push(`${JSON.stringify(key)}:${JSON.stringify(value)}`);
  }
  return members.length === 0 ? [] : [`"__metadata__":{${members.join(',')}}`];
}

function checkText(op: string, what: string, text: unknown): void {
  if (typeof text !== 'string')
    throw new TypeError(`${op}: ${what} is not a string but ${typeof text}. Convert it, e.g. with String().`);
  if (hasLoneSurrogate(text)) {
    throw new RangeError(`${op}: ${what} has half of a surrogate pair, which UTF-8 cannot hold. Use whole characters.`);
  }
}

function checkEntry(op: string, what: string, entry: SafetensorsEntry | undefined): void {
  if (typeof entry?.dtype !== 'string')
    throw new TypeError(`${op}: ${what} has no dtype. Use fromTensor() for a Tensor.`);
  const { dtype, shape, bytes } = entry;
  if (!isDtype(dtype))
    throw new RangeError(
      `${op}: ${what} has the unknown dtype ${quote(dtype)}. Use one of ${dtypeNames().join(', ')}.`,
    );
  if (!Array.isArray(shape))
    throw new TypeError(`${op}: ${what} has no shape. Give it a list of lengths, [] for a scalar.`);
  for (const length of shape) {
    if (!Number.isSafeInteger(length) || length < 0) {
      throw new RangeError(`${op}: ${what} has the length ${length} in its shape. Use integers from 0.`);
    }
  }
  if (!isBytes(bytes)) throw new TypeError(`${op}: ${what} has no Uint8Array of bytes. Use fromTensor() for a Tensor.`);
  const needed = byteLengthOf(dtype, shape);
  const kind = `${dtype} ${shorten(formatShape(shape))}`;
  if (Number.isNaN(needed)) throw new RangeError(`${op}: ${what}: the size of ${kind} overflows. Use smaller lengths.`);
  if (bytes.length !== needed) {
    throw new RangeError(
      `${op}: ${what} has ${bytes.length} bytes, but ${kind} needs ${needed}. Pass exactly the tensor's bytes.`,
    );
  }
}

/** By tag, not instanceof: test runners give a page and its files different Uint8Arrays. */
function isBytes(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Uint8Array]';
}

/** The order of UTF-8 bytes, in which the reference sorts names. */
function compareCodePoints(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return codePointRank(x) - codePointRank(y);
  }
  return a.length - b.length;
}

/** `<` compares UTF-16 units, where surrogates, standing for the highest code points, precede U+E000 to U+FFFF. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
