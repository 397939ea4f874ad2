import { toDouble } from '../tensor/precision.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Row } from './spaces.ts';

/* Tensors as rows of numbers. */

/** Rows `[N, D]` as a tensor. */
export function stackRows(rows: readonly (readonly number[])[]): Tensor {
  return new Tensor(Float32Array.from(rows.flat()), [rows.length, rows[0].length]);
}

/** Entry i of the first axis. */
export function rowAt(x: Tensor, i: number): Row {
  const width = x.size / x.shape[0];
  return x.data.subarray(i * width, (i + 1) * width);
}

/** A tensor with entry i of the first axis replaced. */
export function withRow(x: Tensor, i: number, row: Row): Tensor {
  const data = x.data.slice();
  data.set(row, i * row.length);
  return new Tensor(data, x.shape);
}

/** Each row of `[N, D]` mapped, in double precision. */
export function mapRows(x: Tensor, fn: (row: readonly number[], i: number) => readonly number[]): Tensor {
  const out = toDouble(x);
  for (let i = 0; i < x.shape[0]; i++) out.data.set(fn(Array.from(rowAt(x, i)), i), (i * x.size) / x.shape[0]);
  return out;
}

/** Each number mapped, in double precision. */
export function mapNumbers(x: Tensor, fn: (value: number) => number): Tensor {
  const out = toDouble(x);
  for (let i = 0; i < out.size; i++) out.data[i] = fn(out.data[i]);
  return out;
}

/** The largest absolute value, 0 where there is none. */
export function largest(tensors: readonly Tensor[]): number {
  return tensors.reduce((most, x) => x.data.reduce((m, v) => Math.max(m, Math.abs(v)), most), 0);
}
