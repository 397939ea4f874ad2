import { type Shape, sizeOf } from '../tensor/shape.ts';

/**
 * Element types of a safetensors file; the digits count the bits of one element, always little-endian.
 *
 * The two 8-bit floats travel as raw bytes only. The reference's newer types (complex, 4-bit and 6-bit floats, the
 * other 8-bit floats) are refused by name.
 */
export type Dtype =
  | 'U64'
  | 'I64'
  | 'F64'
  | 'F32'
  | 'U32'
  | 'I32'
  | 'BF16'
  | 'F16'
  | 'U16'
  | 'I16'
  | 'F8_E4M3'
  | 'F8_E5M2'
  | 'I8'
  | 'U8'
  | 'BOOL';

/** Bytes of one element. The keys stand in the order in which the reference implementation lays out a file. */
const BYTES: Readonly<Record<Dtype, number>> = {
  U64: 8,
  I64: 8,
  F64: 8,
  F32: 4,
  U32: 4,
  I32: 4,
  BF16: 2,
  F16: 2,
  U16: 2,
  I16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

export function isDtype(name: unknown): name is Dtype {
  return typeof name === 'string' && Object.hasOwn(BYTES, name);
}

/** Every dtype, in file order: a file is sorted by this list, then by name. */
export function dtypeNames(): readonly string[] {
  return Object.keys(BYTES);
}

/** Bytes that elements of a shape take, or NaN where the count is beyond exact integers. */
export function byteLengthOf(dtype: Dtype, shape: Shape): number {
  const bytes = sizeOf(shape) * BYTES[dtype];
  return Number.isSafeInteger(bytes) ? bytes : Number.NaN;
}

/**
 * The elements of `bytes` as float32, or undefined for a dtype that has no conversion (the 8-bit floats).
 *
 * 16-bit and 32-bit floats are widened as bit patterns, so a NaN keeps its payload. Everything else rounds to the
 * nearest float32, ties to even; a float64 beyond float32 becomes an infinity. A BOOL is 1 for every byte but 0.
 *
 * Reads through a DataView, so it depends neither on the alignment of `bytes` nor on the byte order of the machine.
 */
export function toFloat32(dtype: Dtype, bytes: Uint8Array): Float32Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const n = bytes.byteLength / BYTES[dtype];
  const out = new Float32Array(n);
  const bits = new Uint32Array(out.buffer);
  switch (dtype) {
    case 'F32':
      for (let i = 0; i < n; i++) bits[i] = view.getUint32(4 * i, true);
      return out;
    case 'BF16':
      for (let i = 0; i < n; i++) bits[i] = view.getUint16(2 * i, true) << 16;
      return out;
    case 'F16':
      for (let i = 0; i < n; i++) bits[i] = widenHalf(view.getUint16(2 * i, true));
      return out;
    case 'F64':
      for (let i = 0; i < n; i++) out[i] = view.getFloat64(8 * i, true);
      return out;
    case 'I64':
      for (let i = 0; i < n; i++) out[i] = joinHalves(view.getInt32(8 * i + 4, true), view.getUint32(8 * i, true));
      return out;
    case 'U64':
      for (let i = 0; i < n; i++) out[i] = joinHalves(view.getUint32(8 * i + 4, true), view.getUint32(8 * i, true));
      return out;
    case 'I32':
      for (let i = 0; i < n; i++) out[i] = view.getInt32(4 * i, true);
      return out;
    case 'U32':
      for (let i = 0; i < n; i++) out[i] = view.getUint32(4 * i, true);
      return out;
    case 'I16':
      for (let i = 0; i < n; i++) out[i] = view.getInt16(2 * i, true);
      return out;
    case 'U16':
      for (let i = 0; i < n; i++) out[i] = view.getUint16(2 * i, true);
      return out;
    case 'I8':
      for (let i = 0; i < n; i++) out[i] = view.getInt8(i);
      return out;
    case 'U8':
      for (let i = 0; i < n; i++) out[i] = bytes[i];
      return out;
    case 'BOOL':
      for (let i = 0; i < n; i++) out[i] = bytes[i] === 0 ? 0 : 1;
      return out;
    case 'F8_E4M3':
    case 'F8_E5M2':
      return undefined;
  }
}

/** Float32 data as little-endian bytes, moved as bit patterns so that NaN payloads survive. */
export function fromFloat32(data: Float32Array): Uint8Array<ArrayBuffer> {
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const bytes = new Uint8Array(data.byteLength);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < bits.length; i++) view.setUint32(4 * i, bits[i], true);
  return bytes;
}

/** The float32 bit pattern of a half-precision one (IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits). */
function widenHalf(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13);
  // The exponent biases are 127 and 15.
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  // Subnormal, fraction * 2^-24: shift the leading bit up to the implicit place, bit 10.
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
}

/**
 * A 64-bit integer as a double that rounds to the right float32.
 *
 * Beyond 2^53 the double would round once and the float32 again, and two roundings can differ from one. So the 11 bits
 * that a double cannot hold are replaced by one sticky bit above them, far below the last bit of a float32.
 */
function joinHalves(high: number, low: number): number {
  if (high < 0x200000 && high >= -0x200000) return high * 0x100000000 + low;
  const sticky = (low & 0x7ff) === 0 ? 0 : 0x800;
  return high * 0x100000000 + (((low & 0xfffff800) | sticky) >>> 0);
}
