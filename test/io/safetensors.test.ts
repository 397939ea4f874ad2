import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Dtype, dtypeNames, isDtype } from '../../src/io/dtypes.ts';
import { FormatError } from '../../src/io/formatError.ts';
import {
  fromTensor,
  readSafetensors,
  type SafetensorsEntry,
  toTensor,
  writeSafetensors,
} from '../../src/io/safetensors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { toDouble } from '../../src/tensor/precision.ts';
import { ShapeError } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

/** Written here once more, so that a wrong size in the source cannot confirm itself. */
const SIZES: Readonly<Record<Dtype, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
};
const DTYPES: readonly Dtype[] = Object.keys(SIZES).filter(isDtype);

/** Written by the reference implementation (safetensors 0.8.0) from the entries below, given in another order. */
const GOLDEN = [
  '78010000000000007b225f5f6d657461646174615f5f223a7b22666f726d6174', // x.......{"__metadata__":{"format
  '223a227074227d2c22737465705c22223a7b226474797065223a22493634222c', // ":"pt"},"step\"":{"dtype":"I64",
  '227368617065223a5b5d2c22646174615f6f666673657473223a5b302c385d7d', // "shape":[],"data_offsets":[0,8]}
  '2c2261223a7b226474797065223a22463332222c227368617065223a5b302c33', // ,"a":{"dtype":"F32","shape":[0,3
  '5d2c22646174615f6f666673657473223a5b382c385d7d2c2262223a7b226474', // ],"data_offsets":[8,8]},"b":{"dt
  '797065223a22463332222c227368617065223a5b322c315d2c22646174615f6f', // ype":"F32","shape":[2,1],"data_o
  '666673657473223a5b382c31365d7d2c22ee8080223a7b226474797065223a22', // ffsets":[8,16]},"(U+E000)":{"dtype":"
  '463136222c227368617065223a5b315d2c22646174615f6f666673657473223a', // F16","shape":[1],"data_offsets":
  '5b31362c31385d7d2c22f09f9880223a7b226474797065223a22463136222c22', // [16,18]},"(U+1F600)":{"dtype":"F16","
  '7368617065223a5b315d2c22646174615f6f666673657473223a5b31382c3230', // shape":[1],"data_offsets":[18,20
  '5d7d2c226d61736b223a7b226474797065223a22424f4f4c222c227368617065', // ]},"mask":{"dtype":"BOOL","shape
  '223a5b335d2c22646174615f6f666673657473223a5b32302c32335d7d7d2020', // ":[3],"data_offsets":[20,23]}}, two spaces
  'feffffffffffffff0000803f0100a07f00c0003c010001', // I64 -2; F32 1, NaN; F16 -2; F16 1; BOOL
].join('');

const GOLDEN_ENTRIES = new Map<string, SafetensorsEntry>([
  ['mask', entry('BOOL', [3], '010001')],
  ['\u{1f600}', entry('F16', [1], '003c')],
  ['b', entry('F32', [2, 1], '0000803f0100a07f')],
  ['step"', entry('I64', [], 'feffffffffffffff')],
  ['\ue000', entry('F16', [1], '00c0')],
  ['a', entry('F32', [0, 3], '')],
]);

const TRICKY_NAMES = [
  '__proto__',
  'constructor',
  'toString',
  '',
  '10',
  '9',
  '"',
  '\\',
  '\n\u0001\u007f\u2028',
  'é',
  '\uffff',
  '\u{1f600}',
];

describe('bytes', () => {
  it('are those of the reference implementation', () => {
    expect(hex(writeSafetensors(GOLDEN_ENTRIES, { format: 'pt' }))).toBe(GOLDEN);
  });

  it('of the reference implementation are read', () => {
    const file = readSafetensors(unhex(GOLDEN));
    expect([...file.keys()]).toEqual(['step"', 'a', 'b', '\ue000', '\u{1f600}', 'mask']);
    expect([...file.metadata]).toEqual([['format', 'pt']]);
    for (const [name, expected] of GOLDEN_ENTRIES) expect(file.get(name)).toEqual(expected);
    expect(toTensor(present(file.get('step"'))).item()).toBe(-2);
  });

  it('of an empty file are a padded {}', () => {
    expect(hex(writeSafetensors(new Map()))).toBe('0800000000000000' + '7b7d202020202020');
    expect(hex(writeSafetensors(new Map(), {}))).toBe('0800000000000000' + '7b7d202020202020');
    expect(readSafetensors(writeSafetensors(new Map())).size).toBe(0);
  });

  it('need no padding where the header fills its last 8 bytes', () => {
    const bytes = writeSafetensors(new Map([['attn.0', entry('F32', [1, 2, 3], '00'.repeat(24))]]));
    expect(text(bytes.subarray(0, 72))).toBe(
      '\x40\0\0\0\0\0\0\0{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}',
    );
  });

  it('are ordered by type, largest first, then by name', () => {
    const reference = [
      'U64',
      'I64',
      'F64',
      'F32',
      'U32',
      'I32',
      'BF16',
      'F16',
      'U16',
      'I16',
      'F8_E4M3',
      'F8_E5M2',
      'I8',
      'U8',
      'BOOL',
    ];
    const entries = DTYPES.map((dtype): [string, SafetensorsEntry] => [
      dtype,
      { dtype, shape: [], bytes: new Uint8Array(SIZES[dtype]) },
    ]);
    expect([...readSafetensors(writeSafetensors(new Map(entries))).keys()]).toEqual(reference);
    expect(dtypeNames()).toEqual(reference);
    const names = ['ab', 'b', 'a', '', 'a.', 'B'].map((name): [string, SafetensorsEntry] => [
      name,
      entry('U8', [], '00'),
    ]);
    expect([...readSafetensors(writeSafetensors(new Map(names))).keys()]).toEqual(['', 'B', 'a', 'a.', 'ab', 'b']);
  });

  it('do not depend on the order of entries; metadata keeps its own', () => {
    const reversed = new Map([...GOLDEN_ENTRIES].reverse());
    expect(hex(writeSafetensors(reversed, new Map([['format', 'pt']])))).toBe(GOLDEN);
    const metadata = new Map(TRICKY_NAMES.map((name) => [name, `${name}!`]));
    expect([...readSafetensors(writeSafetensors(new Map(), metadata)).metadata]).toEqual([...metadata]);
  });

  it('of entries are views into the input at any offset, with any kind of Uint8Array', () => {
    for (const shift of [0, 1, 3, 7]) {
      const memory = new Uint8Array(shift + GOLDEN.length / 2 + 5);
      memory.set(unhex(GOLDEN), shift);
      const file = readSafetensors(memory.subarray(shift, shift + GOLDEN.length / 2));
      const b = present(file.get('b'));
      expect(b.bytes.buffer).toBe(memory.buffer);
      expect(b.bytes.byteOffset).toBe(shift + 8 + 0x178 + 8);
      expect(bitsOf(toTensor(b))).toEqual([0x3f800000, 0x7fa00001]);
      expect(toTensor(present(file.get('step"'))).item()).toBe(-2);
      expect(toTensor(present(file.get('\ue000'))).item()).toBe(-2);
    }
    expect(Object.getPrototypeOf(present(readSafetensors(Buffer.from(GOLDEN, 'hex')).get('b')).bytes)).toBe(
      Uint8Array.prototype,
    );
    const shared = new Uint8Array(new SharedArrayBuffer(GOLDEN.length / 2));
    shared.set(unhex(GOLDEN));
    expect(readSafetensors(shared).get('mask')?.bytes).toEqual(Uint8Array.of(1, 0, 1));
  });
});

describe('round trips', () => {
  it.each(DTYPES)('%s is bit-exact', (dtype) => {
    // Every byte value in every place of an element, hence NaNs of all kinds among the floats.
    const bytes = Uint8Array.from({ length: 256 * SIZES[dtype] }, (_, i) => (i * 37 + (i >> 8)) & 0xff);
    const back = present(
      readSafetensors(writeSafetensors(new Map([['x', { dtype, shape: [16, 16], bytes }]]))).get('x'),
    );
    expect(back).toEqual({ dtype, shape: [16, 16], bytes });
  });

  it('NaN payloads survive the file, and toTensor and fromTensor', () => {
    const nans = [0x7fc00000, 0x7f800001, 0xffc12345, 0xffbfffff, 0x7fa00001, 0x80000000];
    const t = new Tensor(new Float32Array(Uint32Array.from(nans).buffer), [3, 2]);
    const back = toTensor(present(readSafetensors(writeSafetensors(new Map([['x', fromTensor(t)]]))).get('x')));
    expect(back.shape).toEqual([3, 2]);
    expect(bitsOf(back)).toEqual(nans);
    const brain = Uint8Array.of(0x81, 0x7f, 0xc1, 0xff);
    expect(bitsOf(toTensor({ dtype: 'BF16', shape: [2], bytes: brain }))).toEqual([0x7f810000, 0xffc10000]);
    const half = Uint8Array.of(0x01, 0x7c, 0xff, 0xff);
    expect(bitsOf(toTensor({ dtype: 'F16', shape: [2], bytes: half }))).toEqual([0x7f802000, 0xffffe000]);
  });

  it('random entries and metadata come back', () => {
    fc.assert(
      fc.property(entriesArbitrary, metadataArbitrary, (entries, metadata) => {
        const bytes = writeSafetensors(entries, metadata);
        const file = readSafetensors(bytes);
        expect(new Map(file)).toEqual(entries);
        expect(file.metadata).toEqual(metadata);
        expect(writeSafetensors(file, file.metadata)).toEqual(bytes);
        expect(present(bytes.at(0)) % 8).toBe(0);
      }),
    );
  });

  it('metadata as an object equals metadata as a Map', () => {
    const metadata = { b: '1', a: '2' };
    expect(writeSafetensors(new Map(), metadata)).toEqual(
      writeSafetensors(new Map(), new Map(Object.entries(metadata))),
    );
  });

  it('tensors of length 0 and of rank 0 are legal, wherever they lie', () => {
    const file = fileOf(
      '{"z":{"dtype":"F32","shape":[2,0],"data_offsets":[4,4]},"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},' +
        '"y":{"dtype":"F64","shape":[0],"data_offsets":[0,0]},"x":{"dtype":"I8","shape":[0],"data_offsets":[4,4]}}',
      4,
    );
    const read = readSafetensors(file);
    expect(toTensor(present(read.get('z'))).shape).toEqual([2, 0]);
    expect(toTensor(present(read.get('s'))).toArray()).toBe(0);
    expect([...read.keys()]).toEqual(['z', 's', 'y', 'x']);
  });

  it('spaces and escapes that JSON allows are read', () => {
    const file = fileOf(
      '{ "\\u0061\\n\\ud83d\\ude00" :\t{"shape" : [ 1 , 2 ] ,\r\n"data_offsets":[ 0,2 ],"dtype":"\\u00558"} } \n\t\r ',
      2,
    );
    expect([...readSafetensors(file)]).toEqual([
      ['a\n\u{1f600}', { dtype: 'U8', shape: [1, 2], bytes: new Uint8Array(2) }],
    ]);
  });
});

describe('toTensor and fromTensor', () => {
  it('F16 agrees with its definition for all 65,536 patterns', () => {
    checkAllHalves('F16', (sign, bits) => {
      const exponent = (bits >> 10) & 31;
      const fraction = bits & 1023;
      if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
      return exponent === 0 ? sign * 2 ** -14 * (fraction / 1024) : sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
    });
  });

  it('BF16 agrees with its definition for all 65,536 patterns', () => {
    checkAllHalves('BF16', (sign, bits) => {
      const exponent = (bits >> 7) & 255;
      const fraction = bits & 127;
      if (exponent === 255) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
      return exponent === 0 ? sign * 2 ** -126 * (fraction / 128) : sign * 2 ** (exponent - 127) * (1 + fraction / 128);
    });
  });

  it.each<[Dtype, string, number[]]>([
    ['U8', '0001ff', [0, 1, 255]],
    ['I8', '007f80ff', [0, 127, -128, -1]],
    ['BOOL', '00010280ff', [0, 1, 1, 1, 1]],
    ['U16', '0100ffff', [1, 65535]],
    ['I16', '0100ffff0080', [1, -1, -32768]],
    ['U32', '01000000ffffffff01000001', [1, 2 ** 32, 2 ** 24]],
    ['I32', '01000000ffffffff00000080', [1, -1, -(2 ** 31)]],
    ['U64', '0100000000000000ffffffffffffffff', [1, 2 ** 64]],
    ['I64', '0100000000000000ffffffffffffffff0000000000000080', [1, -1, -(2 ** 63)]],
    ['F32', '0000803f000080ff01000000', [1, Number.NEGATIVE_INFINITY, 2 ** -149]],
    // The last two: 1 + 2^-24 is a tie, to even; 1e39 is beyond float32.
    ['F64', '000000000000f03f000000100000f03f4fe8d9fa9b7e0748', [1, 1, Number.POSITIVE_INFINITY]],
  ])('%s %s', (dtype, data, values) => {
    const result = toTensor(entry(dtype, [values.length], data));
    expect(result.data).toBeInstanceOf(Float32Array);
    expect([...result.data]).toEqual(values);
  });

  it('F64 rounds as Math.fround', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        expect(convertOne('F64', (view) => view.setFloat64(0, value, true))).toBe(Math.fround(value));
      }),
    );
  });

  it('64-bit integers round once, to the nearest float32', () => {
    // Rounded to a double first, this tie-breaking 1 would be lost.
    const value = 2n ** 60n + 2n ** 36n + 1n;
    expect(convertOne('I64', (view) => view.setBigInt64(0, value, true))).toBe(2 ** 60 + 2 ** 37);
    expect(convertOne('I64', (view) => view.setBigInt64(0, -value, true))).toBe(-(2 ** 60) - 2 ** 37);
    const anyBits = fc
      .tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.integer({ min: 0, max: 63 }))
      .map(([v, shift]) => v >> BigInt(shift));
    const nearTies = fc
      .record({
        head: fc.bigInt({ min: 2n ** 24n, max: 2n ** 25n - 1n }),
        shift: fc.integer({ min: 1, max: 38 }),
        tail: fc.bigInt({ min: -2n, max: 2n }),
      })
      .map(({ head, shift, tail }) => (head << BigInt(shift)) + tail);
    fc.assert(
      fc.property(fc.oneof(anyBits, nearTies), (unsigned) => {
        expect(convertOne('U64', (view) => view.setBigUint64(0, unsigned, true))).toBe(nearestFloat32(unsigned));
        const signed = BigInt.asIntN(64, unsigned);
        expect(convertOne('I64', (view) => view.setBigInt64(0, signed, true))).toBe(
          signed < 0n ? -nearestFloat32(-signed) : nearestFloat32(signed),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('toTensor copies, and fromTensor copies', () => {
    const source = entry('F32', [1], '0000803f');
    const converted = toTensor(source);
    source.bytes.fill(0);
    expect(converted.item()).toBe(1);
    const t = tensor([1]);
    const saved = fromTensor(t);
    t.data[0] = 2;
    expect(saved).toEqual({ dtype: 'F32', shape: [1], bytes: Uint8Array.of(0, 0, 0x80, 0x3f) });
    expect(fromTensor(new Tensor(new Float32Array([0, 0, 1]).subarray(2), [])).bytes).toEqual(saved.bytes);
  });

  it('refuse what they cannot convert, in words', () => {
    expect(() => fromTensor(toDouble(zeros([2])))).toThrow(/^fromTensor: .*double precision.*Save the float32 tensor/);
    for (const dtype of ['F8_E4M3', 'F8_E5M2'] as const) {
      expect(() => toTensor(entry(dtype, [1], '00'))).toThrow(
        new RegExp(`^toTensor: there is no conversion from ${dtype} `),
      );
    }
    expect(() => toTensor(entry('F32', [2], '00000000'))).toThrow(
      /^toTensor: the entry has 4 bytes, but F32 \[2\] needs 8\. /,
    );
    // @ts-expect-error A missing entry, as from Map.get of a wrong name.
    expect(() => toTensor(undefined)).toThrow(/^toTensor: the entry has no dtype\. /);
  });
});

describe('readSafetensors refuses', () => {
  const F32_1 = '"dtype":"F32","shape":[1]';
  const info = (begin: number | string, end: number | string, shape: number | string = 1) =>
    `{"dtype":"U8","shape":[${shape}],"data_offsets":[${begin},${end}]}`;

  it.each<[string, Uint8Array, RegExp]>([
    ['no bytes', new Uint8Array(0), /the file has 0 bytes, fewer than the 8/],
    ['7 bytes', new Uint8Array(7), /the file has 7 bytes/],
    ['header length 0', new Uint8Array(16), /header length, bytes 0 to 8, is 0\./],
    [
      'header longer than the file',
      withLength(9, '{}      '),
      /header length.* is 9, but only 8 bytes follow\. .*truncated/,
    ],
    ['header over 100 MB', withLength(100_000_001, '{}'), /is 100000001, over the limit of 100000000/],
    ['header of 100 MB in a small file', withLength(100_000_000, '{}'), /is 100000000, but only 2 bytes follow/],
    ['header length above 2^53', unhex('0100000000002000' + '7b7d'), /is 9007199254740993, over the limit/],
    ['header length 2^64 - 1', unhex('ffffffffffffffff' + '7b7d'), /is 18446744073709551615, over the limit/],
    ['bytes that are not UTF-8', withLength(5, '{"', '80', '":'), /the header, bytes 8 to 13, is not UTF-8/],
    ['surrogates in UTF-8', withLength(8, '{"', 'eda080', '":{'), /is not UTF-8/],
    ['a space before {', fileOf(' {}'), /does not start with "\{": byte 8 is 0x20/],
    ['a byte order mark', fileOf('\ufeff{}'), /does not start with "\{": byte 8 is 0xef/],
    ['a list', fileOf('[{}]'), /does not start with "\{": byte 8 is 0x5b/],
    [
      'a zip archive',
      fileOf('{}').fill(0x50),
      /header length.* is 5787213827046133840, over the limit.*not a safetensors file/,
    ],
  ])('%s', (_, file, words) => {
    expect(messageOf(file)).toMatch(words);
  });

  it.each<[string, string, RegExp]>([
    [
      'an open brace alone',
      '{',
      /a name in the header: expected a string, found the end of the header, at character 1 /,
    ],
    ['a name that does not end', '{"a', /a name in the header: the string does not end/],
    ['a name that ends in a backslash', '{"a\\', /the string does not end/],
    ['a bare word', '{a:1}', /expected a string, found "a", at character 1 /],
    ['no colon', '{"a" {}}', /the header, after "a": expected ":", found an object/],
    ['no comma', `{"a":${info(0, 1)}"b":${info(1, 2)}}`, /the header: expected "," or "}", found a string/],
    ['a trailing comma', `{"a":${info(0, 1)},}`, /expected a string, found "}"/],
    ['text after the object', `{"a":${info(0, 1)}} x`, /"x" follows the end of the JSON object, at character 54 /],
    ['zero bytes after the object', '{}\0\0', /"\\u0000" follows the end of the JSON object/],
    ['a second object', '{}{}', /an object follows the end/],
    ['an unknown escape', '{"\\x61":{}}', /"\\\\x61" has an escape that JSON does not know/],
    ['a broken \\u escape', '{"\\u00g1":{}}', /has an escape that JSON does not know/],
    ['a control character', '{"a\nb":{}}', /unescaped control character/],
    ['half a surrogate pair', `{"a\\ud800":${info(0, 0, 0)}}`, /half of a surrogate pair/],
    [
      'half a surrogate pair in metadata',
      '{"__metadata__":{"a":"\\ude00"}}',
      /__metadata__ entry "a": .*half of a surrogate pair/,
    ],
    ['a name twice', `{"a":${info(0, 0, 0)},"a":${info(0, 0, 0)}}`, /the header has the name "a" twice/],
    [
      'a name twice, once escaped',
      `{"a":${info(0, 0, 0)},"\\u0061":${info(0, 0, 0)}}`,
      /the header has the name "a" twice/,
    ],
    [
      '__proto__ twice',
      `{"__proto__":${info(0, 0, 0)},"__proto__":${info(0, 0, 0)}}`,
      /the header has the name "__proto__" twice/,
    ],
    ['__metadata__ twice', '{"__metadata__":{},"__metadata__":{}}', /the header has the name "__metadata__" twice/],
    ['a metadata key twice', '{"__metadata__":{"k":"1","\\u006b":"2"}}', /__metadata__ has the name "k" twice/],
    ['a field twice', `{"a":{"dtype":"F32",${F32_1},"data_offsets":[0,4]}}`, /tensor "a" has the name "dtype" twice/],
    ['metadata that is no object', '{"__metadata__":"x"}', /__metadata__: expected an object, found a string/],
    ['metadata that is null', '{"__metadata__":null}', /__metadata__: expected an object, found null/],
    ['a number in metadata', '{"__metadata__":{"k":1}}', /__metadata__ entry "k": expected a string, found a number/],
    [
      'an object in metadata',
      '{"__metadata__":{"k":{}}}',
      /__metadata__ entry "k": expected a string, found an object/,
    ],
    ['a tensor that is a list', '{"a":[]}', /tensor "a": expected an object, found a list/],
    ['a tensor that is true', '{"a":true}', /tensor "a": expected an object, found true/],
    ['no dtype', '{"a":{"shape":[1],"data_offsets":[0,4]}}', /tensor "a" has no dtype/],
    ['no shape', '{"a":{"dtype":"F32","data_offsets":[0,4]}}', /tensor "a" has no shape/],
    ['no data_offsets', `{"a":{${F32_1}}}`, /tensor "a" has no data_offsets/],
    ['no field', '{"a":{}}', /tensor "a" has no dtype/],
    [
      'an unknown field',
      `{"a":{${F32_1},"strides":[1],"data_offsets":[0,4]}}`,
      /tensor "a" has an unknown field "strides"/,
    ],
    [
      'an unknown dtype',
      '{"a":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}',
      /tensor "a" has the dtype "F4", which is not supported.*one of U64, .*BOOL/,
    ],
    [
      'a dtype in lower case',
      '{"a":{"dtype":"f32","shape":[2],"data_offsets":[0,1]}}',
      /tensor "a" has the dtype "f32"/,
    ],
    [
      'a dtype of Object.prototype',
      '{"a":{"dtype":"toString","shape":[2],"data_offsets":[0,1]}}',
      /has the dtype "toString", which is not supported/,
    ],
    ['a dtype that is a number', '{"a":{"dtype":32}}', /dtype of tensor "a": expected a string, found a number/],
    [
      'a shape that is a number',
      '{"a":{"shape":1}}',
      /shape of tensor "a": expected a list of integers, found a number/,
    ],
    [
      'a length that is text',
      '{"a":{"shape":[1,"2"]}}',
      /shape of tensor "a", \[1\]: expected an integer, found a string/,
    ],
    ['a length that is null', '{"a":{"shape":[null]}}', /shape of tensor "a", \[0\]: expected an integer, found null/],
    ['a length that is a list', '{"a":{"shape":[[1]]}}', /expected an integer, found a list/],
    ['an open shape', '{"a":{"shape":[1', /shape of tensor "a": expected "," or "]", found the end of the header/],
    ['a negative length', '{"a":{"shape":[-1]}}', /shape of tensor "a", \[0\] is -1, .*Expected an integer from 0/],
    ['minus zero', '{"a":{"shape":[-0]}}', /\[0\] is -0, /],
    ['a fraction', '{"a":{"shape":[1.5]}}', /\[0\] is 1\.5, /],
    ['a whole number with a fraction', '{"a":{"shape":[1.0]}}', /\[0\] is 1\.0, .*in plain digits/],
    ['an exponent', '{"a":{"shape":[1e2]}}', /\[0\] is 1e2, /],
    ['an infinite length', '{"a":{"shape":[1e400]}}', /\[0\] is 1e400, /],
    ['a leading zero', '{"a":{"shape":[01]}}', /\[0\] is 01, /],
    ['2^53', '{"a":{"shape":[9007199254740992]}}', /\[0\] is 9007199254740992, .*from 0 to 9007199254740991/],
    ['2^53 + 1', '{"a":{"shape":[9007199254740993]}}', /\[0\] is 9007199254740993, /],
    ['a number of many digits', `{"a":{"shape":[${'9'.repeat(1000)}]}}`, /\[0\] is 9{80}\.\.\., /],
    ['a negative offset', `{"a":{${F32_1},"data_offsets":[-4,0]}}`, /data_offsets of tensor "a", \[0\] is -4, /],
    ['a fractional offset', `{"a":{${F32_1},"data_offsets":[0,4.5]}}`, /data_offsets of tensor "a", \[1\] is 4\.5, /],
    [
      'one offset',
      `{"a":{${F32_1},"data_offsets":[4]}}`,
      /data_offsets of tensor "a" have the length 1.*\[begin, end\]/,
    ],
    ['three offsets', `{"a":{${F32_1},"data_offsets":[0,4,8]}}`, /data_offsets of tensor "a" have the length 3/],
    ['no offsets', `{"a":{${F32_1},"data_offsets":[]}}`, /data_offsets of tensor "a" have the length 0/],
    ['end before begin', `{"a":${info(4, 0, 4)}}`, /tensor "a" ends before it begins: data_offsets \[4, 0\]/],
    [
      'a size above the shape',
      `{"a":${info(0, 4, 3)}}`,
      /tensor "a": U8 \[3\] needs 3 bytes, but data_offsets \[0, 4\] hold 4/,
    ],
    [
      'a size below the shape',
      `{"a":{"dtype":"F64","shape":[2,3],"data_offsets":[0,24]}}`,
      /tensor "a": F64 \[2, 3\] needs 48 bytes, but data_offsets \[0, 24\] hold 24/,
    ],
    ['an empty range for a scalar', `{"a":{"dtype":"F32","shape":[],"data_offsets":[0,0]}}`, /F32 \[\] needs 4 bytes/],
    [
      'a number of elements beyond 2^53',
      `{"a":${info(0, 4, '94906267,94906267')}}`,
      /tensor "a": the size of U8 \[94906267, 94906267\] overflows/,
    ],
    ['a product that wraps to 0 in 64 bits', `{"a":${info(0, 0, '4294967296,4294967296')}}`, /overflows/],
    ['a product beyond every double', `{"a":${info(0, 0, `${'9007199254740991,'.repeat(30)}0`)}}`, /overflows/],
    [
      'bytes beyond 2^53',
      `{"a":{"dtype":"F64","shape":[9007199254740991],"data_offsets":[0,4]}}`,
      /the size of F64 \[9007199254740991\] overflows/,
    ],
    [
      'a tensor beyond the file',
      `{"a":${info(0, 5, 5)}}`,
      /tensor "a" reaches beyond the file: data_offsets \[0, 5\], but the data has 4 bytes\. .*truncated/,
    ],
    [
      'a tensor far beyond the file',
      `{"a":${info(0, 9007199254740991, 9007199254740991)}}`,
      /tensor "a" reaches beyond the file/,
    ],
    ['a hole at the start', `{"a":${info(1, 4, 3)}}`, /data bytes 0 to 1, before tensor "a", belong to no tensor/],
    [
      'a hole between',
      `{"b":${info(3, 4)},"a":${info(0, 2, 2)}}`,
      /data bytes 2 to 3, before tensor "b", belong to no tensor/,
    ],
    ['a hole at the end', `{"a":${info(0, 3, 3)}}`, /data bytes 3 to 4, at the end of the file, belong to no tensor/],
    ['data without tensors', '{}', /data bytes 0 to 4, at the end of the file/],
    [
      'an overlap',
      `{"b":${info(1, 4, 3)},"a":${info(0, 2, 2)}}`,
      /tensors "a" and "b" overlap: one ends at data byte 2, one begins at 1/,
    ],
    ['the same range twice', `{"a":${info(0, 4, 4)},"b":${info(0, 4, 4)}}`, /tensors "a" and "b" overlap/],
    ['an empty tensor inside another', `{"a":${info(0, 4, 4)},"b":${info(2, 2, 0)}}`, /tensors "a" and "b" overlap/],
  ])('%s', (_, header, words) => {
    expect(messageOf(fileOf(header, 4))).toMatch(words);
  });

  it('nesting of any depth, without exhausting the stack', () => {
    expect(messageOf(fileOf(`{"a":${'['.repeat(1_000_000)}`))).toMatch(/tensor "a": expected an object, found a list/);
    expect(messageOf(fileOf('{"a":'.repeat(1_000_000)))).toMatch(/tensor "a" has an unknown field "a"/);
    expect(messageOf(fileOf(`{"a":{"shape":[${'['.repeat(1_000_000)}`))).toMatch(/expected an integer, found a list/);
  });

  it('long names, with short messages', () => {
    const message = messageOf(fileOf(`{"${'n'.repeat(1_000_000)}":1}`));
    expect(message).toMatch(/tensor "n{80}\.\.\."/);
    expect(messageOf(fileOf(`{"a":${info(0, 4, `${'1,'.repeat(100_000)}5`)}}`, 4)).length).toBeLessThan(400);
  });

  it('every truncation of a file', () => {
    const bytes = unhex(GOLDEN);
    for (let length = 0; length < bytes.length; length++) {
      expect(messageOf(bytes.subarray(0, length))).toMatch(/fewer than the 8|bytes follow|reaches beyond the file/);
    }
  });

  it('bytes after the last tensor', () => {
    expect(messageOf(Uint8Array.of(...unhex(GOLDEN), 0))).toMatch(
      /data bytes 23 to 24, at the end of the file, belong to no tensor/,
    );
  });

  it('what is not a Uint8Array', () => {
    // @ts-expect-error The result of response.arrayBuffer(), a likely mistake.
    expect(() => readSafetensors(unhex(GOLDEN).buffer)).toThrow(
      /^readSafetensors: expected a Uint8Array\. Wrap an ArrayBuffer/,
    );
  });

  it('or reads consistently: any damaged file gives a FormatError or a result that fits its bytes', () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        entriesArbitrary,
        metadataArbitrary,
        fc.array(damageArbitrary, { minLength: 1, maxLength: 3 }),
        (entries, metadata, damages) => {
          const bytes = damages.reduce((file, damage) => damage(file), writeSafetensors(entries, metadata));
          try {
            const file = readSafetensors(bytes);
            accepted++;
            let total = 0;
            for (const { dtype, shape, bytes: data } of file.values()) {
              expect(data.length).toBe(shape.reduce((size, length) => size * length, SIZES[dtype]));
              total += data.length;
            }
            expect(8 + Number(new DataView(bytes.buffer).getBigUint64(0, true)) + total).toBe(bytes.length);
            expect(new Map(readSafetensors(writeSafetensors(file, file.metadata)))).toEqual(new Map(file));
          } catch (error) {
            if (!(error instanceof FormatError)) throw error;
            expect(error.message).toMatch(/^readSafetensors: /);
          }
        },
      ),
      { numRuns: 5000 },
    );
    // Damage inside values is legal; without it the property would not reach the first branch.
    expect(accepted).toBeGreaterThan(50);
  });
});

describe('writeSafetensors refuses', () => {
  it.each<[string, string, SafetensorsEntry, RegExp]>([
    [
      'the name of the metadata',
      '__metadata__',
      entry('U8', [1], '00'),
      /RangeError: .*"__metadata__" has the name that the format keeps.*Rename/,
    ],
    [
      'half a surrogate pair',
      'a\ud800',
      entry('U8', [1], '00'),
      /RangeError: .*the name of entry "a\\ud800" has half of a surrogate pair, which UTF-8 cannot hold/,
    ],
    ['the other half', '\udc00b', entry('U8', [1], '00'), /RangeError: .*half of a surrogate pair/],
    [
      'too few bytes',
      'w',
      entry('F32', [2, 3], '00'),
      /RangeError: .*entry "w" has 1 bytes, but F32 \[2, 3\] needs 24\. /,
    ],
    ['too many bytes', 'w', entry('U8', [], '0000'), /RangeError: .*entry "w" has 2 bytes, but U8 \[\] needs 1\. /],
    ['a negative length', 'w', entry('U8', [-1, -1], '00'), /RangeError: .*entry "w" has the length -1 in its shape/],
    ['a fractional length', 'w', entry('U8', [0.5, 2], '00'), /RangeError: .*entry "w" has the length 0\.5 /],
    ['NaN as a length', 'w', entry('U8', [Number.NaN], '00'), /RangeError: .*entry "w" has the length NaN /],
    [
      '2^53 as a length',
      'w',
      entry('U8', [2 ** 53, 0], ''),
      /RangeError: .*entry "w" has the length 9007199254740992 /,
    ],
    [
      'a size that overflows',
      'w',
      entry('U8', [2 ** 40, 2 ** 40], ''),
      /RangeError: .*entry "w": the size of U8 .* overflows/,
    ],
  ])('%s', (_, name, bad, words) => {
    const entries = new Map([
      ['good', entry('U8', [1], '00')],
      [name, bad],
    ]);
    expect(thrownBy(() => writeSafetensors(entries))).toMatch(words);
  });

  it('values of a wrong kind', () => {
    const wrong = (value: unknown) => thrownBy(() => writeSafetensors(new Map([['w', value as SafetensorsEntry]])));
    expect(wrong(zeros([1]))).toMatch(/TypeError: .*entry "w" has no dtype\. Use fromTensor\(\)/);
    expect(wrong(undefined)).toMatch(/TypeError: .*entry "w" has no dtype/);
    expect(wrong({ dtype: 'F4', shape: [2], bytes: new Uint8Array(1) })).toMatch(
      /RangeError: .*entry "w" has the unknown dtype "F4"\. Use one of U64/,
    );
    expect(wrong({ dtype: 'constructor', shape: [], bytes: new Uint8Array(1) })).toMatch(/unknown dtype "constructor"/);
    expect(wrong({ dtype: 'F32', bytes: new Uint8Array(4) })).toMatch(/TypeError: .*entry "w" has no shape/);
    expect(wrong({ dtype: 'F32', shape: [1], bytes: new Float32Array(1) })).toMatch(
      /TypeError: .*entry "w" has no Uint8Array of bytes/,
    );
    expect(thrownBy(() => writeSafetensors(new Map([[1 as unknown as string, entry('U8', [], '00')]])))).toMatch(
      /TypeError: .*entry "1" is not a string but number/,
    );
    expect(thrownBy(() => writeSafetensors({} as unknown as Map<string, SafetensorsEntry>))).toMatch(
      /TypeError: .*expected a Map/,
    );
  });

  it('metadata that is not text', () => {
    const wrong = (metadata: unknown) =>
      thrownBy(() => writeSafetensors(new Map(), metadata as Record<string, string>));
    expect(wrong({ epoch: 3 })).toMatch(
      /TypeError: .*the value of metadata "epoch" is not a string but number\. Convert it/,
    );
    expect(wrong(new Map([['epoch', undefined]]))).toMatch(
      /the value of metadata "epoch" is not a string but undefined/,
    );
    expect(wrong(new Map([[3, 'epoch']]))).toMatch(/metadata key "3" is not a string but number/);
    expect(wrong({ note: '\udfff' })).toMatch(
      /RangeError: .*the value of metadata "note" has half of a surrogate pair/,
    );
    expect(wrong({ 'x\ud83d': '' })).toMatch(/RangeError: .*metadata key "x\\ud83d" has half of a surrogate pair/);
  });

  it('a header that no reader would take', () => {
    expect(thrownBy(() => writeSafetensors(new Map(), { note: 'x'.repeat(100_000_000) }))).toMatch(
      /RangeError: .*the header takes 100000032 bytes, over the limit of 100000000/,
    );
  });
});

it('FormatError carries its name and op', () => {
  const error = new FormatError('readSafetensors', 'x is wrong', 'Do y.');
  expect([error.name, error.op, error.message]).toEqual([
    'FormatError',
    'readSafetensors',
    'readSafetensors: x is wrong. Do y.',
  ]);
  expect(error).not.toBeInstanceOf(ShapeError);
});

const nameArbitrary = fc
  .oneof(fc.constantFrom(...TRICKY_NAMES), fc.string({ unit: 'binary', maxLength: 8 }), fc.string({ maxLength: 8 }))
  .filter((name) => name !== '__metadata__');

const entryArbitrary: fc.Arbitrary<SafetensorsEntry> = fc
  .tuple(fc.constantFrom(...DTYPES), fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }))
  .chain(([dtype, shape]) => {
    const length = shape.reduce((size, n) => size * n, SIZES[dtype]);
    return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => ({ dtype, shape, bytes }));
  });

const entriesArbitrary = fc
  .array(fc.tuple(nameArbitrary, entryArbitrary), { maxLength: 6 })
  .map((pairs) => new Map(pairs));
const metadataArbitrary = fc
  .array(fc.tuple(fc.string({ unit: 'binary' }), fc.string()), { maxLength: 2 })
  .map((pairs) => new Map(pairs));

/** One damage: bytes replaced, inserted or cut out, in half the cases with the header's length put right. */
const damageArbitrary: fc.Arbitrary<(file: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>> = fc
  .record({
    place: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    nearEnd: fc.boolean(),
    cut: fc.option(fc.integer({ min: 0, max: 3 })),
    inserted: fc.oneof(
      fc.uint8Array({ maxLength: 3 }),
      fc
        .constantFrom('{', '}', '[', ']', '"', ',', ':', '\\', '0', '1', '-', '.', 'e9', 'null', ' ', '\\u0061')
        .map((s) => new TextEncoder().encode(s)),
    ),
    repair: fc.boolean(),
    truncate: fc.nat({ max: 9 }),
  })
  .map(({ place, nearEnd, cut, inserted, repair, truncate }) => (file) => {
    const at = nearEnd ? Math.max(0, file.length - 1 - Math.floor(place * 16)) : Math.floor(place * file.length);
    if (truncate === 0) return file.slice(0, at);
    const out = new Uint8Array([...file.subarray(0, at), ...inserted, ...file.subarray(at + (cut ?? inserted.length))]);
    if (repair && out.length >= 8 && at >= 8) {
      const view = new DataView(out.buffer);
      const header = Number(view.getBigUint64(0, true));
      if (at < 8 + header) view.setBigUint64(0, BigInt(Math.max(0, header + out.length - file.length)), true);
    }
    return out;
  });

function checkAllHalves(dtype: Dtype, definition: (sign: number, bits: number) => number): void {
  const bytes = Uint8Array.from({ length: 131072 }, (_, i) => ((i >> 1) >> (8 * (i & 1))) & 0xff);
  const { data } = toTensor({ dtype, shape: [256, 256], bytes });
  const wrong: string[] = [];
  for (let bits = 0; bits < 65536; bits++) {
    const expected = definition(bits < 32768 ? 1 : -1, bits);
    if (!Object.is(data[bits], expected)) wrong.push(`0x${bits.toString(16)}: ${data[bits]}, expected ${expected}`);
  }
  expect(wrong).toEqual([]);
}

/** The float32 next to a non-negative integer, ties to even, in integer arithmetic. */
function nearestFloat32(value: bigint): number {
  const excess = value.toString(2).length - 24;
  if (excess <= 0) return Number(value);
  const unit = 1n << BigInt(excess);
  const rest = value % unit;
  const down = value - rest;
  const up = rest * 2n > unit || (rest * 2n === unit && (down / unit) % 2n === 1n);
  return Number(up ? down + unit : down);
}

function convertOne(dtype: Dtype, write: (view: DataView) => void): number {
  const bytes = new Uint8Array(8);
  write(new DataView(bytes.buffer));
  return toTensor({ dtype, shape: [], bytes }).item();
}

/** The message of the FormatError that reading gives; fails where it gives none or breaks the form of a message. */
function messageOf(file: Uint8Array): string {
  try {
    readSafetensors(file);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    if (!(error instanceof FormatError)) throw error;
    expect(error.message).toMatch(/^readSafetensors: .+\. [A-Z].+\.$/);
    return error.message;
  }
  throw new Error('readSafetensors accepted the file.');
}

function thrownBy(write: () => unknown): string {
  try {
    write();
  } catch (error) {
    expect(String(error)).toMatch(/Error: writeSafetensors: .+\. [A-Z].+\.$/);
    return String(error);
  }
  throw new Error('writeSafetensors accepted the entries.');
}

/** A file with a header as given, its length right, and some bytes of data. */
function fileOf(header: string, dataBytes = 0): Uint8Array<ArrayBuffer> {
  const encoded = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + encoded.length + dataBytes);
  new DataView(file.buffer).setUint32(0, encoded.length, true);
  file.set(encoded, 8);
  return file;
}

/** A header length as given, then text, optionally raw bytes in hex and text again. */
function withLength(length: number, before: string, raw = '', after = ''): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const file = Uint8Array.of(
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    ...encoder.encode(before),
    ...unhex(raw),
    ...encoder.encode(after),
  );
  new DataView(file.buffer).setUint32(0, length, true);
  return file;
}

function entry(dtype: Dtype, shape: readonly number[], data: string): SafetensorsEntry {
  return { dtype, shape, bytes: unhex(data) };
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('expected a value');
  return value;
}

function bitsOf(t: Tensor): number[] {
  return [...new Uint32Array(t.data.buffer, t.data.byteOffset, t.data.length)];
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function unhex(digits: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
