import { formatShape } from '../tensor/shape.ts';
import { byteLengthOf } from './dtypes.ts';
import { FormatError } from './formatError.ts';
import { type Header, quote, shorten, type TensorInfo } from './header.ts';

export const NOT_SAFETENSORS = 'The file is damaged, or is not a safetensors file.';
export const TRUNCATED = 'The file is truncated or damaged; get it again.';

/** Checks that every tensor has the bytes its shape needs, and that together they cover the data exactly once. */
export function checkLayout(op: string, header: Header, dataBytes: number): void {
  for (const [name, info] of header.tensors) checkTensor(op, name, info, dataBytes);
  const sorted = [...header.tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let filled = 0;
  let last = '';
  for (const [name, { begin, end }] of sorted) {
    if (begin < filled) {
      throw new FormatError(
        op,
        `tensors ${quote(last)} and ${quote(name)} overlap: one ends at data byte ${filled}, one begins at ${begin}`,
        NOT_SAFETENSORS,
      );
    }
    if (begin > filled) {
      throw new FormatError(
        op,
        `data bytes ${filled} to ${begin}, before tensor ${quote(name)}, belong to no tensor`,
        'The format allows no holes; write the file again.',
      );
    }
    filled = end;
    last = name;
  }
  if (filled < dataBytes) {
    throw new FormatError(
      op,
      `data bytes ${filled} to ${dataBytes}, at the end of the file, belong to no tensor`,
      'The format allows no trailing bytes; get the file again.',
    );
  }
}

function checkTensor(op: string, name: string, { dtype, shape, begin, end }: TensorInfo, dataBytes: number): void {
  const offsets = `data_offsets [${begin}, ${end}]`;
  if (begin > end)
    throw new FormatError(op, `tensor ${quote(name)} ends before it begins: ${offsets}`, NOT_SAFETENSORS);
  const needed = byteLengthOf(dtype, shape);
  const kind = `${dtype} ${shorten(formatShape(shape))}`;
  if (Number.isNaN(needed))
    throw new FormatError(op, `tensor ${quote(name)}: the size of ${kind} overflows`, NOT_SAFETENSORS);
  if (end - begin !== needed) {
    throw new FormatError(
      op,
      `tensor ${quote(name)}: ${kind} needs ${needed} bytes, but ${offsets} hold ${end - begin}`,
      NOT_SAFETENSORS,
    );
  }
  if (end > dataBytes) {
    throw new FormatError(
      op,
      `tensor ${quote(name)} reaches beyond the file: ${offsets}, but the data has ${dataBytes} bytes`,
      TRUNCATED,
    );
  }
}
