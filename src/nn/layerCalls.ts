import { IntTensor } from '../tensor/intTensor.ts';
import type { Shape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';

/** A function among layers. */
export type Plain = (...inputs: unknown[]) => unknown;

/** A layer, and where a plain function stands. */
export interface Place {
  readonly layer: Module | Plain;
  readonly holder: object;
  readonly key: string;
}

/** How often a method of a layer was called from outside, and what it gave the first time. */
export interface MethodCalls {
  readonly method: string;
  readonly shape: Shape;
  readonly count: number;
}

/** A layer that threw, and the shapes of what it was given. */
export interface Failure {
  readonly place: Place;
  readonly shapes: readonly Shape[];
}

type Method = (...values: unknown[]) => unknown;

/**
 * Sees the calls of layers from `begin` to `end`, by own properties that hide their methods; `end` puts back what was
 * there. A frozen layer is not seen.
 */
export class LayerCalls {
  readonly #seen = new Map<Place, Map<string, MethodCalls>>();
  readonly #undo: (() => void)[] = [];
  /** Layers that are running: what they call of themselves is not told. */
  readonly #running = new Set<Place>();
  readonly #failures = new WeakMap<Error, Failure>();

  begin(places: readonly Place[]): void {
    for (const place of places) {
      const { layer, holder, key } = place;
      if (layer instanceof Module) for (const name of methodsOf(layer)) this.#hide(layer, name, place);
      else this.#hide(holder, key, place);
    }
  }

  end(): void {
    for (const undo of this.#undo) undo();
  }

  /** What is known of a layer's calls: those of `forward`, or else of the method called first. Undefined for a frozen one. */
  of(place: Place): MethodCalls | 'none' | undefined {
    const calls = this.#seen.get(place);
    return calls === undefined ? undefined : (calls.get('forward') ?? calls.values().next().value ?? 'none');
  }

  /** The innermost layer that an error came out of. */
  failureOf(error: Error): Failure | undefined {
    return this.#failures.get(error);
  }

  #hide(holder: object, key: string, place: Place): void {
    const method: unknown = Reflect.get(holder, key);
    const own = Object.getOwnPropertyDescriptor(holder, key);
    if (typeof method !== 'function' || !(own?.configurable ?? Object.isExtensible(holder))) return;
    const calls = this.#seen.get(place) ?? new Map<string, MethodCalls>();
    this.#seen.set(place, calls);
    const watched = this.#watched(place, calls, key, (self, values) => Reflect.apply(method, self, values));
    Object.defineProperty(holder, key, {
      value: watched,
      enumerable: own?.enumerable ?? false,
      configurable: true,
      writable: true,
    });
    this.#undo.push(() => {
      if (own === undefined) Reflect.deleteProperty(holder, key);
      else Object.defineProperty(holder, key, own);
    });
  }

  #watched(
    place: Place,
    calls: Map<string, MethodCalls>,
    key: string,
    call: (self: unknown, values: readonly unknown[]) => unknown,
  ): Method {
    const running = this.#running;
    const failures = this.#failures;
    const method = place.layer instanceof Module ? key : 'forward';
    return function (this: unknown, ...values: unknown[]): unknown {
      const inner = running.has(place);
      running.add(place);
      try {
        const result = call(this, values);
        const before = calls.get(method);
        const shape = inner ? undefined : (before?.shape ?? shapeOf(result));
        if (shape !== undefined) calls.set(method, { method, shape, count: 1 + (before?.count ?? 0) });
        return result;
      } catch (error) {
        if (error instanceof Error && !failures.has(error))
          failures.set(error, { place, shapes: values.flatMap((x) => (isInput(x) ? [x.shape] : [])) });
        throw error;
      } finally {
        if (!inner) running.delete(place);
      }
    };
  }
}

/** The methods of a layer's classes, and a `forward` of its own. */
function methodsOf(layer: Module): Set<string> {
  const names = new Set<string>(['forward']);
  for (
    let x: object | null = Object.getPrototypeOf(layer);
    x !== null && x !== Module.prototype;
    x = Object.getPrototypeOf(x)
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(x)))
      if (typeof value === 'function' && name !== 'constructor') names.add(name);
  }
  return names;
}

function isInput(x: unknown): x is Tensor | IntTensor {
  return x instanceof Tensor || x instanceof IntTensor;
}

/** The shape of a result: a tensor, or the first one of several, such as the `output` of a GRU's `run`. */
function shapeOf(result: unknown): Shape | undefined {
  if (result instanceof Tensor) return result.shape;
  if (typeof result !== 'object' || result === null) return undefined;
  return Object.values(result).find((x) => x instanceof Tensor)?.shape;
}
