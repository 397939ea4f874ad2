/*
 * What all instructions are made of. An expression is the bytes that leave one value on the stack, its type a type of
 * TypeScript, so that a sum of a vector and an address does not compile; a statement is bytes that leave nothing.
 * Opcodes: WebAssembly core specification 2.0, section 5.4 (binary format of instructions). Instructions are functions
 * of modules named after their types, `f32x4.add(a, b)`, so that a bundle holds those that kernels use.
 */

/** The types of WebAssembly values that kernels use. */
export type ValueType = 'i32' | 'f32' | 'f64' | 'v128';

/** Bytes, in nested lists that are flattened once: concatenating at every step takes ten times as long. */
export type Code = readonly (number | Code)[];

/** Bytes that leave a value of type T on the stack. */
export type Expression<T extends ValueType> = Code & { readonly type?: T };

/** Bytes that leave the stack as it was. */
export type Statement = Code & { readonly type?: 'none' };

/** A local variable of a function. */
export interface Local<T extends ValueType> {
  readonly index: number;
  readonly get: Expression<T>;
}

/** What an instruction takes: an expression, a local, or a constant where it takes an i32. */
export type Operand<T extends ValueType> = Expression<T> | Local<T> | (T extends 'i32' ? number : never);

/** The bytes of an operand. */
export function code(operand: Expression<ValueType> | Local<ValueType> | number): Code {
  if (typeof operand === 'number') return [0x41, ...signed(operand)];
  return 'get' in operand ? operand.get : operand;
}

/** LEB128, unsigned. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest >>>= 7;
  }
  return [...bytes, rest];
}

/** LEB128, signed, of an integer of 32 bits. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest < -64 || rest > 63) {
    bytes.push((rest & 127) | 128);
    rest >>= 7;
  }
  return [...bytes, rest & 127];
}

export type Binary<A extends ValueType, R extends ValueType = A> = (a: Operand<A>, b: Operand<A>) => Expression<R>;
export type Unary<A extends ValueType, R extends ValueType = A> = (a: Operand<A>) => Expression<R>;

export function binary<A extends ValueType, R extends ValueType = A>(...opcode: Code): Binary<A, R> {
  return (a, b) => [code(a), code(b), opcode];
}

export function unary<A extends ValueType, R extends ValueType = A>(...opcode: Code): Unary<A, R> {
  return (a) => [code(a), opcode];
}

/** A vector instruction of one operand. */
export function vector(opcode: number): Unary<'v128'> {
  return unary(0xfd, unsigned(opcode));
}

/** A vector instruction of two operands. */
export function vectors(opcode: number): Binary<'v128'> {
  return binary(0xfd, unsigned(opcode));
}

/** Reads from address + offset bytes; no alignment is promised. */
export type Load<T extends ValueType> = (address: Operand<'i32'>, offset?: number) => Expression<T>;
/** Writes to address + offset bytes. */
export type Store<T extends ValueType> = (address: Operand<'i32'>, value: Operand<T>, offset?: number) => Statement;

export function load<T extends ValueType>(...opcode: Code): Load<T> {
  return (address, offset = 0) => [code(address), opcode, 0, unsigned(offset)];
}

/** `lane` follows the address where one lane of a vector is written. */
export function store<T extends ValueType>(opcode: Code, lane: Code = []): Store<T> {
  return (address, value, offset = 0) => [code(address), code(value), opcode, 0, unsigned(offset), lane];
}
