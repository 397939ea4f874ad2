import { firstNonFinite } from '../tensor/check.ts';
import { coordinatesOf, formatShape, type Shape, stridesOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { adviceBackward, adviceForward, isElementwise, spoken } from './anomalyAdvice.ts';
import { Parameter } from './parameter.ts';
import { isReleased } from './released.ts';
import { type Edge, isRecording, type Watch, watched, withRecording } from './tape.ts';

/** Options of `detectAnomaly`. */
export interface DetectAnomalyOptions {
  /** Lets Infinity and -Infinity pass and looks for NaN alone: for code that masks with -Infinity. Default false. */
  readonly allowInfinity?: boolean | undefined;
}

/** What an AnomalyError says, as data. */
export interface AnomalyFacts {
  /** Whether the value was met in the result of an op, or in a gradient that its pullback returned. */
  readonly phase: 'forward' | 'backward';
  /** The op, by the name that it records: `product` for `matmul` and `linear`, `sumTo` for `sum`. */
  readonly op: string;
  /** Whether the op made the value, or was given it. */
  readonly origin: 'op' | 'input';
  /** NaN, Infinity or -Infinity. */
  readonly value: number;
  /** Where it lies, counted through the tensor: the op's result, the input it came in with, or the input's gradient. */
  readonly index: number;
  /** The same as one index an axis. */
  readonly coordinates: readonly number[];
  /**
   * The input that the value came in with, or whose gradient it lies in, counted from 0; undefined where an op made it in
   * forward. Only inputs that a gradient can flow into have a number.
   */
  readonly input: number | undefined;
  readonly inputShapes: readonly Shape[];
  readonly outputShape: Shape;
}

/**
 * What `detectAnomaly` throws: which op made the first NaN or infinity, where, and from what. The stack, or for
 * `backward` that of `cause`, leads to its call.
 */
export class AnomalyError extends Error implements AnomalyFacts {
  override readonly name = 'AnomalyError';
  readonly phase: AnomalyFacts['phase'];
  readonly op: string;
  readonly origin: AnomalyFacts['origin'];
  readonly value: number;
  readonly index: number;
  readonly coordinates: readonly number[];
  readonly input: number | undefined;
  readonly inputShapes: readonly Shape[];
  readonly outputShape: Shape;

  constructor(message: string, facts: AnomalyFacts, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.phase = facts.phase;
    this.op = facts.op;
    this.origin = facts.origin;
    this.value = facts.value;
    this.index = facts.index;
    this.coordinates = facts.coordinates;
    this.input = facts.input;
    this.inputShapes = facts.inputShapes;
    this.outputShape = facts.outputShape;
  }
}

/**
 * Runs `fn`, returns its result, and throws at the first op that makes a NaN or an infinity, be it in a forward pass or
 * in a `backward` that `fn` calls.
 *
 * An op makes a value where none of its inputs has one like it; NaN that comes of infinities is made. What came in with a
 * leaf is told apart (`origin`). Within a pullback only what it returns counts. The -Infinity that `attention` lays over
 * masked scores is no anomaly; for other masks of that kind there is `allowInfinity`. May be nested, and may stand around
 * or within `noGrad` and `scope`.
 *
 * Cost: reads every result and gradient once more, and notes where each op was called. For a search, not for every run.
 * Throws: AnomalyError, with the op, shapes, place and value as fields; TypeError where `fn` returns a promise or a
 * generator; whatever `fn` throws.
 *
 * @example detectAnomaly(() => log(tensor([1, 2])).toArray()) // [0, 0.6931472]
 * @example
 * const apart = sub(parameter(tensor([1, 2])), tensor([1, 2]));
 * let op = '';
 * try {
 *   detectAnomaly(() => backward(sqrt(sum(square(apart)))));
 * } catch (error) {
 *   if (error instanceof AnomalyError) op = `${error.op}, ${error.phase}: ${error.value}`;
 * }
 * op // 'sqrt, backward: Infinity'
 */
export function detectAnomaly<T>(fn: () => T, { allowInfinity = false }: DetectAnomalyOptions = {}): T {
  return watched(new Detector(allowInfinity), () => withRecording(isRecording(), 'detectAnomaly', fn));
}

/** An op as it was called. */
interface Call {
  readonly op: string;
  readonly edges: readonly Edge[];
  readonly inputs: readonly Tensor[];
  readonly out: Tensor;
  /** Its stack leads to the call; undefined for an op that ran before. */
  readonly place: Error | undefined;
}

/** Where a tensor holds a value that is not wanted. */
interface Finding {
  readonly value: number;
  readonly index: number;
  readonly x: Tensor;
  readonly input: number | undefined;
}

class Detector implements Watch {
  readonly #allowInfinity: boolean;
  readonly #first: (data: Float32Array) => number;
  /** The calls that made tensors which still live, since a graph keeps of an op only the inputs that need a gradient. */
  readonly #calls = new WeakMap<Tensor, Call>();
  /** How many pullbacks are running: what they make on the way is their own affair. */
  #pulling = 0;

  constructor(allowInfinity: boolean) {
    this.#allowInfinity = allowInfinity;
    this.#first = allowInfinity ? firstNaN : firstNonFinite;
  }

  made(out: Tensor, op: string, edges: readonly Edge[]): void {
    const call = callOf(op, edges, out, new Error(`${op} was called here`));
    this.#calls.set(out, call);
    if (this.#pulling > 0) return;
    const made = this.#find(out);
    if (made === undefined) return;
    if (op === 'accumulate') throw sumAnomaly(made, call);
    const given = this.#given(call.inputs, out);
    if (given !== undefined) throw givenAnomaly(given, call);
    if (MASKS.has(op)) return;
    throw madeAnomaly(preferNaN(made), call, this.#allowInfinity);
  }

  pull(out: Tensor, edge: Edge, g: Tensor): Tensor {
    const [, pullback] = edge;
    this.#pulling++;
    let contribution: Tensor;
    try {
      contribution = pullback(g);
    } finally {
      this.#pulling--;
    }
    const found = this.#pulling > 0 ? undefined : this.#find(contribution);
    if (found === undefined) return contribution;
    const { name = '', edges = [] } = out.node ?? {};
    const call = this.#calls.get(out) ?? callOf(name, edges, out, undefined);
    const given = this.#given([...call.inputs, out], contribution);
    throw backwardAnomaly({ ...found, input: call.edges.indexOf(edge) }, call, g, given);
  }

  #find(x: Tensor, input?: number): Finding | undefined {
    // A pullback need not read what its op was given, which may be released by then.
    const index = isReadable(x) ? this.#first(x.data) : -1;
    return index < 0 ? undefined : { value: x.data[index], index, x, input };
  }

  /** What an input holds that explains `out`: the same kind of value, since NaN that comes of infinities is made. */
  #given(inputs: readonly Tensor[], out: Tensor): Finding | undefined {
    const findings = inputs.flatMap((x, i) => this.#find(x, i) ?? []).map(preferNaN);
    const nan = findings.find(({ value }) => Number.isNaN(value));
    return nan ?? (firstNaN(out.data) < 0 ? findings[0] : undefined);
  }
}

function callOf(op: string, edges: readonly Edge[], out: Tensor, place: Error | undefined): Call {
  return { op, edges, inputs: edges.map(([x]) => x), out, place };
}

/** Ops that lay -Infinity over what softmax shall turn to 0. */
const MASKS: ReadonlySet<string> = new Set(['maskScores']);

/** NaN tells more than the infinities beside it. */
function preferNaN(found: Finding): Finding {
  const index = firstNaN(found.x.data);
  return index < 0 ? found : { ...found, value: Number.NaN, index };
}

function firstNaN(data: Float32Array): number {
  return data.findIndex(Number.isNaN);
}

function isReadable(x: Tensor): boolean {
  return !isReleased(x);
}

function madeAnomaly(found: Finding, call: Call, allowInfinity: boolean): AnomalyError {
  const text = `${spoken(call.op)} made ${found.value} at ${placeIn(found)}${operandsAt(found, call)}; got ${shapesOf(call)}`;
  const infinite = call.inputs.some((x) => isReadable(x) && firstNonFinite(x.data) >= 0);
  const search = allowInfinity
    ? 'find what made those, without allowInfinity'
    : 'check the data, and what made it before detectAnomaly began';
  const advice = infinite
    ? `NaN comes of infinities, as Infinity - Infinity and 0 * Infinity: ${search}.`
    : adviceForward(call.op, found.value);
  return new AnomalyError(`detectAnomaly: ${text}. ${advice}`, factsOf('forward', 'op', found, call));
}

function givenAnomaly(found: Finding, call: Call): AnomalyError {
  const kind = found.x instanceof Parameter ? ', a Parameter,' : '';
  const text = `${found.value} came in with input ${found.input} of ${spoken(call.op)}${kind} at ${placeIn(found)}; got ${shapesOf(call)}`;
  const advice =
    kind === ''
      ? 'Check the data, and what made it before detectAnomaly began; where an infinity is meant, as in a mask, pass { allowInfinity: true }.'
      : 'An earlier optimizer step wrote it: run that step inside detectAnomaly, lower the learning rate, or clip with clipGradientNorm.';
  return new AnomalyError(`detectAnomaly: ${text}. ${advice}`, factsOf('forward', 'input', found, call));
}

/** `given` is what the op's inputs or its result hold already, `g` the gradient that reached it. */
function backwardAnomaly(found: Finding, call: Call, g: Tensor, given: Finding | undefined): AnomalyError {
  const { op, inputs } = call;
  const start = `in backward ${spoken(op)} made ${found.value} in the gradient of input ${found.input}`;
  const reached = firstNonFinite(g.data) < 0 ? 'a finite gradient' : 'a gradient that is not finite';
  const text = `${start} at ${placeIn(found)}${operandsAt(found, call)}; got ${shapesOf(call)} and ${reached} of the result`;
  const holder = given?.input === inputs.length ? 'result' : `input ${given?.input}`;
  const advice =
    given === undefined
      ? adviceBackward(op, found.value)
      : `Its ${holder} holds ${given.value} since the forward pass: run that inside detectAnomaly too.`;
  const facts = factsOf('backward', given === undefined ? 'op' : 'input', found, call);
  return new AnomalyError(`detectAnomaly: ${text}. ${advice}`, facts, call.place);
}

function sumAnomaly(found: Finding, call: Call): AnomalyError {
  const text = `in backward the gradients of a tensor that was used more than once add up to ${found.value} at ${placeIn(found)}${operandsAt(found, call)}; got ${shapesOf(call)}`;
  const facts = factsOf('backward', 'op', found, call);
  return new AnomalyError(`detectAnomaly: ${text}. ${adviceBackward(call.op, found.value)}`, facts);
}

function factsOf(
  phase: AnomalyFacts['phase'],
  origin: AnomalyFacts['origin'],
  { value, index, x, input }: Finding,
  { op, inputs, out }: Call,
): AnomalyFacts {
  return {
    phase,
    op,
    origin,
    value,
    index,
    coordinates: coordinatesOf(index, x.shape),
    input,
    inputShapes: inputs.map(({ shape }) => shape),
    outputShape: out.shape,
  };
}

/** `[2, 3] and [3] -> [2, 3]`. */
function shapesOf({ inputs, out }: Call): string {
  const from = inputs.map(({ shape }) => formatShape(shape)).join(' and ');
  return `${from === '' ? 'no input' : from} -> ${formatShape(out.shape)}`;
}

function placeIn({ index, x }: Finding): string {
  if (x.size === 1) return 'its only element';
  return `element ${index}${x.shape.length === 1 ? '' : `, ${formatShape(coordinatesOf(index, x.shape))}`}`;
}

/** What an elementwise op met at a place: `, where its inputs are 1 and 0`; nothing where several places met there. */
function operandsAt({ index, x }: Finding, { op, inputs }: Call): string {
  if (!isElementwise(op) || !inputs.every((input) => isReadable(input) && broadcastsTo(input.shape, x.shape)))
    return '';
  const at = coordinatesOf(index, x.shape);
  const values = inputs.map(({ data, shape }) => {
    const lead = at.length - shape.length;
    const strides = stridesOf(shape);
    return data[shape.reduce((sum, length, axis) => sum + (length === 1 ? 0 : at[lead + axis] * strides[axis]), 0)];
  });
  return `, where its ${values.length === 1 ? 'input is' : 'inputs are'} ${values.map((v) => Number(v.toPrecision(6))).join(' and ')}`;
}

function broadcastsTo(small: Shape, large: Shape): boolean {
  const lead = large.length - small.length;
  return small.every((length, axis) => length === 1 || length === large[lead + axis]);
}
