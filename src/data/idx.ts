import { FormatError } from '../io/formatError.ts';
import { formatShape, type Shape, sizeOf } from '../tensor/shape.ts';

/** Bytes with a shape, as an IDX file holds them. */
export interface IdxArray<B extends ArrayBufferLike = ArrayBufferLike> {
  readonly shape: Shape;
  /** A view of the file's bytes, not a copy. */
  readonly data: Uint8Array<B>;
}

/** Type code of unsigned bytes, the only one that image and label files use. */
const UNSIGNED_BYTE = 0x08;

/**
 * Reads an IDX file of unsigned bytes: the format of MNIST and its relatives.
 *
 * Format: two zero bytes, a type code, the number of axes, each length as a big-endian 32-bit integer, the elements.
 * Source: LeCun, Cortes, Burges, "The MNIST database". Throws: FormatError for anything else, with what was found.
 *
 * @example readIdx(new Uint8Array([0, 0, 8, 1, 0, 0, 0, 2, 5, 7])).data // [5, 7]
 */
export function readIdx<B extends ArrayBufferLike>(bytes: Uint8Array<B>): IdxArray<B> {
  const fail = (problem: string, remedy: string) => new FormatError('readIdx', problem, remedy);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    throw fail('the file is compressed with gzip', 'Decompress it first, e.g. with zlib.gunzipSync.');
  if (bytes.length < 4)
    throw fail(
      `the file has ${bytes.length} bytes, fewer than the 4 that an IDX file begins with`,
      'The file is truncated: fetch it again.',
    );
  if (bytes[0] !== 0 || bytes[1] !== 0) throw fail('the first two bytes are not 0', 'Is this an IDX file?');
  if (bytes[2] !== UNSIGNED_BYTE)
    throw fail(
      `element type 0x${bytes[2].toString(16).padStart(2, '0')} at byte 2`,
      'Only unsigned bytes (0x08) are read.',
    );
  const rank = bytes[3];
  const start = 4 + 4 * rank;
  if (bytes.length < start)
    throw fail(
      `the header needs ${start} bytes, the file has ${bytes.length}`,
      'The file is truncated: fetch it again.',
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  if (bytes.length - start !== sizeOf(shape)) {
    throw fail(
      `shape ${formatShape(shape)} needs ${sizeOf(shape)} bytes after the header, the file has ${bytes.length - start}`,
      'The file is truncated or not an IDX file: fetch it again.',
    );
  }
  // Not subarray(): on a Node Buffer that would give a Buffer, whose slice() does not copy.
  return { shape, data: new Uint8Array(bytes.buffer, bytes.byteOffset + start, bytes.length - start) };
}
