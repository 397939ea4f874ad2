import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asDistance } from '../../src/autograd/measure.ts';
import { relu, sigmoid, tanh } from '../../src/autograd/ops/activations.ts';
import { add, mul, sub } from '../../src/autograd/ops/arithmetic.ts';
import { cosineDistance, cosineSimilarity, euclidean, squaredEuclidean } from '../../src/autograd/ops/distances.ts';
import { max, min } from '../../src/autograd/ops/extremes.ts';
import { take } from '../../src/autograd/ops/indexed.ts';
import { normalize } from '../../src/autograd/ops/normalize.ts';
import { reshape } from '../../src/autograd/ops/rearrange.ts';
import { topK } from '../../src/autograd/ops/topK.ts';
import { noGrad } from '../../src/autograd/tape.ts';
import { FormatError } from '../../src/io/formatError.ts';
import { readSafetensors, type Safetensors, toTensor, writeSafetensors } from '../../src/io/safetensors.ts';
import { Conv2d } from '../../src/nn/convolutions.ts';
import { Flatten, Linear } from '../../src/nn/dense.ts';
import { type Layer, Module } from '../../src/nn/module.ts';
import { BatchNorm2d } from '../../src/nn/normalizations.ts';
import { MaxPool2d } from '../../src/nn/pooling.ts';
import { Sequential } from '../../src/nn/sequential.ts';
import { stateDict } from '../../src/nn/state.ts';
import { KochHead } from '../../src/siamese/kochHead.ts';
import { MahalanobisHead } from '../../src/siamese/mahalanobisHead.ts';
import { loadModel, saveModel } from '../../src/siamese/modelFile.ts';
import { type Compare, type Measure, Twin } from '../../src/siamese/twin.ts';
import { createRandom } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { errorOf } from '../errors.ts';

/** Twins of one build; every value, buffers too, is random. */
function createTwin<M extends Measure>(seed: number, compare: Compare<M>, outputs = 3, stride = 1): Twin<M> {
  const random = createRandom(seed);
  const encoder = new Sequential(
    new Conv2d(1, 2, 3, { random, stride }),
    new BatchNorm2d(2),
    relu,
    new MaxPool2d(2),
    new Flatten(),
    new Linear(8, outputs, { random }),
  );
  for (const { data } of stateDict(encoder).values()) random.fillUniform(data, 0.1, 1);
  return new Twin(encoder, { compare });
}

/** Bits of everything that a model holds. */
function bits(twin: Twin<Measure>): [string, number[]][] {
  return [...stateDict(twin)].map(([name, { data }]) => [name, [...new Uint32Array(data.slice().buffer)]]);
}

const x = new Tensor(createRandom(9).fillUniform(new Float32Array(4 * 36), 0, 1), [4, 1, 6, 6]);

/** The file with one piece of metadata changed, or left out. */
function tampered(bytes: Uint8Array, changes: Readonly<Record<string, string | undefined>>): Uint8Array {
  const file: Safetensors = readSafetensors(bytes);
  const metadata = Object.entries({ ...Object.fromEntries(file.metadata), ...changes });
  return writeSafetensors(
    file,
    new Map(metadata.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]))),
  );
}

/** Loading throws a FormatError with these words, and the twin keeps every bit. */
function expectRefused(bytes: Uint8Array, twin: Twin<Measure>, words: RegExp): void {
  const before = bits(twin);
  let error: unknown;
  try {
    loadModel(bytes, twin);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(FormatError);
  expect(String(error)).toMatch(words);
  expect(String(error)).toMatch(/^FormatError: loadModel: /);
  expect(bits(twin)).toEqual(before);
  expect(twin.threshold).toBeUndefined();
}

describe('a saved model', () => {
  it('comes back bit for bit, buffers and threshold included', () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ noNaN: true, noDefaultInfinity: true }), (seed, threshold) => {
        const saved = createTwin(seed, euclidean).withThreshold(threshold);
        const loaded = loadModel(saveModel(saved), createTwin(seed + 1, euclidean));
        expect(bits(loaded)).toEqual(bits(saved));
        expect(loaded.threshold).toBe(threshold + 0);
        expect(loaded.embed(x).data).toEqual(saved.embed(x).data);
      }),
      { numRuns: 30 },
    );
    const sum = createTwin(1, euclidean).withThreshold(0.1 + 0.2);
    expect(loadModel(saveModel(sum), createTwin(2, euclidean)).threshold).toBe(0.30000000000000004);
  });

  it('keeps values that arithmetic would lose: NaN payloads, -0, subnormals', () => {
    const saved = createTwin(1, euclidean);
    const weight = stateDict(saved).get('encoder.0.weight')?.data ?? new Float32Array();
    new Uint32Array(weight.buffer, weight.byteOffset).set([0x7fc00123, 0xffa00001, 0x80000000, 1]);
    expect(bits(loadModel(saveModel(saved), createTwin(2, euclidean)))).toEqual(bits(saved));
  });

  it('is loaded into the weights of the twin that was passed', () => {
    const twin = createTwin(2, euclidean);
    const saved = createTwin(1, euclidean);
    expect(loadModel(saveModel(saved), twin)).toBe(twin);
    const withThreshold = loadModel(saveModel(saved.withThreshold(2)), twin);
    expect(withThreshold.encoder).toBe(twin.encoder);
    expect([twin.threshold, withThreshold.threshold]).toEqual([undefined, 2]);
  });

  it('without a threshold takes away the one of the twin it is loaded into', () => {
    const twin = createTwin(2, euclidean).withThreshold(7);
    const loaded = loadModel(saveModel(createTwin(1, euclidean)), twin);
    expect(loaded.threshold).toBeUndefined();
    expect(loaded.encoder).toBe(twin.encoder);
  });

  it('is a safetensors file with weights and buffers by their names', () => {
    const twin = createTwin(1, cosineSimilarity).withThreshold(0.5);
    const file = readSafetensors(saveModel(twin));
    expect([...file.keys()].sort()).toEqual([
      'encoder.0.bias',
      'encoder.0.weight',
      'encoder.1.bias',
      'encoder.1.running_mean',
      'encoder.1.running_var',
      'encoder.1.weight',
      'encoder.5.bias',
      'encoder.5.weight',
    ]);
    expect(file.get('encoder.0.weight')).toMatchObject({ dtype: 'F32', shape: [2, 1, 3, 3] });
    for (const [name, t] of stateDict(twin)) {
      const entry = file.get(name);
      expect(entry && toTensor(entry).data).toEqual(t.data);
    }
    expect(file.metadata.get('twingrad.model')).toBe('2');
    expect(file.metadata.get('twingrad.compare')).toBe('cosineSimilarity(x0,x1)');
    expect(file.metadata.get('twingrad.threshold')).toBe('0.5');
    expect(file.metadata.get('twingrad.kernels')).toBe('portable');
  });

  it('is the same bytes for the same model, and keeps metadata of your own', () => {
    expect(saveModel(createTwin(1, euclidean))).toEqual(saveModel(createTwin(1, euclidean)));
    const file = readSafetensors(
      saveModel(createTwin(1, euclidean), { metadata: { trained: 'on ☃', __proto__x: '' } }),
    );
    expect([file.metadata.get('trained'), file.metadata.get('__proto__x')]).toEqual(['on ☃', '']);
    const reserved = () => saveModel(createTwin(1, euclidean), { metadata: { 'twingrad.model': '2' } });
    expect(errorOf(RangeError, reserved).message).toBe(
      "saveModel: metadata 'twingrad.model' begins with 'twingrad.', which is reserved. Rename it.",
    );
    expect(reserved).toThrow(/metadata 'twingrad\.model' begins with 'twingrad\.', which is reserved/);
  });

  it('does not depend on the names of classes and functions, which minifiers change', () => {
    class A extends Module {
      readonly layer = new Linear(2, 2, { random: createRandom(1) });
      forward(input: Tensor): Tensor {
        return this.layer.forward(input);
      }
    }
    const B = class extends Module {
      readonly layer = new Linear(2, 2, { random: createRandom(2) });
      forward(input: Tensor): Tensor {
        return this.layer.forward(input);
      }
    };
    const e: Compare<Measure> = (a, b) => euclidean(a, b);
    const saved = new Twin(new A(), { compare: euclidean });
    const loaded = loadModel(saveModel(saved), new Twin(new B(), { compare: e }));
    expect(bits(loaded)).toEqual(bits(saved));
    const text = new TextDecoder().decode(saveModel(new Twin(new Sequential(new A(), relu), { compare: e })));
    expect(text).not.toMatch(/"A"|"e"|Sequential|Linear/);
  });

  it('is the same inside noGrad', () => {
    const twin = createTwin(1, euclidean);
    expect(noGrad(() => saveModel(twin))).toEqual(saveModel(twin));
    expect(noGrad(() => bits(loadModel(saveModel(twin), createTwin(2, euclidean))))).toEqual(bits(twin));
  });
});

describe('loadModel refuses, as FormatError, and leaves the twin alone', () => {
  const bytes = saveModel(createTwin(1, euclidean).withThreshold(0.5));

  it('other layers, naming each difference', () => {
    expectRefused(
      bytes,
      createTwin(2, euclidean, 4),
      /the layers differ \(.*5\.weight: \[3, 8\] in the file, \[4, 8\] in the twin; 5\.bias: \[3\] in the file, \[4\] in the twin/,
    );
    expectRefused(bytes, createTwin(2, euclidean, 3, 2), /0\.stride: 1 in the file, 2 in the twin/);
    const shorter = new Twin(new Sequential(new Flatten(), new Linear(36, 3, { random: createRandom(1) })), {
      compare: euclidean,
    });
    expectRefused(bytes, shorter, /absent in the twin.*and \d+ more/);
    const { encoder } = createTwin(2, euclidean);
    const longer = new Twin(new Sequential(...Object.values(encoder), relu), { compare: euclidean });
    expectRefused(bytes, longer, /6: absent in the file, relu\(x0\) in the twin/);
  });

  it('other settings of equal layers', () => {
    const twin = (epsilon: number) =>
      new Twin(new Sequential(new BatchNorm2d(2, { epsilon }), new Flatten()), { compare: euclidean });
    expectRefused(saveModel(twin(1e-5)), twin(1e-3), /0\.epsilon: 0\.00001 in the file, 0\.001 in the twin/);
  });

  it('another comparison', () => {
    for (const compare of [squaredEuclidean, cosineDistance, cosineSimilarity]) {
      expectRefused(
        bytes,
        createTwin<Measure>(2, compare),
        /the model compares by 'euclidean\(x0,x1\)', the twin by '.+\(.*\)'\. Build the twin with the comparison/,
      );
    }
    expectRefused(
      bytes,
      createTwin(2, (a, b) => asDistance(euclidean(a, b))),
      /by 'asDistance\(euclidean\(x0,x1\)\)'/,
    );
  });

  it('another version, and no model at all', () => {
    expectRefused(
      tampered(bytes, { 'twingrad.model': '1' }),
      createTwin(2, euclidean),
      /model version '1', this library reads 2/,
    );
    expectRefused(
      tampered(bytes, { 'twingrad.model': undefined }),
      createTwin(2, euclidean),
      /no 'twingrad\.model'.*readSafetensors and loadStateDict/,
    );
  });

  it('damaged metadata', () => {
    for (const threshold of ['', ' ', 'abc', 'NaN', 'Infinity', '1,5']) {
      expectRefused(
        tampered(bytes, { 'twingrad.threshold': threshold }),
        createTwin(2, euclidean),
        /the threshold '.*' is not a finite number/,
      );
    }
    for (const layers of [undefined, '', '{}', 'null', '[[', '7']) {
      expectRefused(
        tampered(bytes, { 'twingrad.layers': layers }),
        createTwin(2, euclidean),
        /'twingrad\.layers' is missing or not a list/,
      );
    }
    expectRefused(tampered(bytes, { 'twingrad.layers': '[]' }), createTwin(2, euclidean), /the layers differ/);
    expectRefused(
      tampered(bytes, { 'twingrad.layers': '[null,[["x"]],{}]' }),
      createTwin(2, euclidean),
      /the layers differ/,
    );
    expectRefused(
      tampered(bytes, { 'twingrad.compare': undefined }),
      createTwin(2, euclidean),
      /compares by 'undefined'/,
    );
  });

  it('a file that is cut off anywhere', () => {
    const twin = createTwin(2, euclidean);
    const before = bits(twin);
    for (let length = 0; length < bytes.length; length += 7) {
      expect(errorOf(FormatError, () => loadModel(bytes.subarray(0, length), twin)).message).toContain(
        '. The file is truncated or damaged; get it again.',
      );
    }
    expect(errorOf(FormatError, () => loadModel(Uint8Array.from([...bytes, 0]), twin)).message).toBe(
      'readSafetensors: data bytes 220 to 221, at the end of the file, belong to no tensor. The format allows no trailing bytes; get the file again.',
    );
    expect(bits(twin)).toEqual(before);
  });

  it('weights that are missing, unknown or of another shape, before any is written', () => {
    const file = readSafetensors(bytes);
    const metadata = file.metadata;
    const twin = createTwin(2, euclidean);
    const before = bits(twin);
    const weight = file.get('encoder.5.weight');
    if (weight === undefined) throw new Error('the model has no such weight');
    const without = new Map([...file].filter(([name]) => name !== 'encoder.5.weight'));
    expect(() => loadModel(writeSafetensors(without, metadata), twin)).toThrow(
      /'encoder\.5\.weight' \[3, 8\] is missing/,
    );
    const more = new Map([...file, ['encoder.6.weight', weight] as const]);
    expect(() => loadModel(writeSafetensors(more, metadata), twin)).toThrow(
      /'encoder\.6\.weight' is not in the module/,
    );
    const turned = new Map([...file, ['encoder.5.weight', { ...weight, shape: [8, 3] }] as const]);
    expect(() => loadModel(writeSafetensors(turned, metadata), twin)).toThrow(
      /'encoder\.5\.weight' is \[8, 3\] but the module has \[3, 8\]/,
    );
    expect(bits(twin)).toEqual(before);
  });
});

describe('functions are told apart by the ops that they record', () => {
  const flat = (layer: Layer) => new Twin(new Sequential(new Flatten(), layer), { compare: euclidean });
  const comparing = (compare: Compare<Measure>) => new Twin(new Flatten(), { compare });

  it('layers', () => {
    expectRefused(saveModel(flat(relu)), flat(sigmoid), /1: relu\(x0\) in the file, sigmoid\(x0\) in the twin/);
    expectRefused(
      saveModel(flat((y) => relu(tanh(y)))),
      flat((y) => tanh(relu(y))),
      /1: relu\(tanh\(x0\)\)/,
    );
    // What chooses elements records what it chose by.
    const largest = (y: Tensor) => max(y, { axis: 1, keepDims: true });
    const smallest = (y: Tensor) => min(y, { axis: 1, keepDims: true });
    const first = (y: Tensor) => take(y, [0], { axis: 1 });
    const two = (y: Tensor) => topK(y, 1, { axis: 1 }).values;
    const choices = [largest, smallest, first, two].map(flat);
    for (const saved of choices)
      for (const twin of choices) if (saved !== twin) expectRefused(saveModel(saved), twin, /1: /);
    for (const layer of [relu, tanh, largest, (y: Tensor) => y, (y: Tensor) => mul(y, y)])
      expect(() => loadModel(saveModel(flat(layer)), flat(layer))).not.toThrow();
    const minified = (a: Tensor) => relu(a);
    expect(() => loadModel(saveModel(flat(relu)), flat(minified))).not.toThrow();
  });

  it('comparisons', () => {
    const normalized: Compare<Measure> = (a, b) => euclidean(normalize(a), normalize(b));
    const half: Compare<Measure> = (a, b) => euclidean(normalize(a), b);
    const turned: Compare<Measure> = (a, b) => euclidean(b, a);
    const all = [euclidean, squaredEuclidean, cosineDistance, normalized, half, turned].map(comparing);
    for (const saved of all) {
      for (const twin of all) {
        if (saved === twin) expect(() => loadModel(saveModel(saved), twin)).not.toThrow();
        else expectRefused(saveModel(saved), twin, /the model compares by/);
      }
    }
  });

  it('by names that stay: another one here makes files unreadable that were saved before, and needs a new version', () => {
    const names = [euclidean, squaredEuclidean, cosineDistance, cosineSimilarity].map((compare) =>
      readSafetensors(saveModel(comparing(compare))).metadata.get('twingrad.compare'),
    );
    expect(names).toEqual([
      'euclidean(x0,x1)',
      'squaredEuclidean(x0,x1)',
      'cosineDistance(x0,x1)',
      'cosineSimilarity(x0,x1)',
    ]);
  });

  it('but for constants, and for what cannot be called on a probe', () => {
    const times = (factor: number) => flat((y) => mul(y, factor));
    expect(() => loadModel(saveModel(times(2)), times(3))).not.toThrow();
    // Made for flat inputs of one size, and for embeddings of one size.
    const sized = (size: number) => flat((y) => reshape(y, [y.shape[0], size, 1]));
    expect(() => loadModel(saveModel(sized(4)), sized(4))).not.toThrow();
    const fixed: Compare<Measure> = (a, b) => euclidean(reshape(a, [a.shape[0], 4]), reshape(b, [b.shape[0], 4]));
    const file = saveModel(comparing(fixed));
    expect(readSafetensors(file).metadata.get('twingrad.compare')).toBe('custom');
    expect(() => loadModel(file, comparing(fixed))).not.toThrow();
    expectRefused(file, comparing(euclidean), /compares by 'custom', the twin by 'euclidean/);
  });

  it('each tensor once, however often it is used', () => {
    const doubling: Compare<Measure> = (a, b) => {
      let sum = sub(a, b);
      for (let i = 0; i < 60; i++) sum = add(sum, sum);
      return euclidean(sum, b);
    };
    expect(saveModel(comparing(doubling)).length).toBeLessThan(3000);
  });
});

it('a model with tensors that are not float32 is refused, naming the first', () => {
  const file = readSafetensors(saveModel(createTwin(1, euclidean)));
  const half = { dtype: 'F16', shape: [3], bytes: new Uint8Array(6) } as const;
  const bytes = writeSafetensors(new Map([...file, ['encoder.5.bias', half] as const]), file.metadata);
  expectRefused(bytes, createTwin(2, euclidean), /loadModel: the tensor 'encoder\.5\.bias' is F16, .* F32 only/);
});

describe('a model with a head', () => {
  const make = (seed: number, head: Module & { compare: Compare<Measure> }, width = 3) => {
    const twin = new Twin(new Linear(2, width, { random: createRandom(seed) }), { compare: head });
    for (const { data } of stateDict(twin).values()) createRandom(seed).fillNormal(data, 0, 1);
    return twin;
  };
  const koch = (seed: number, width = 3) => make(seed, new KochHead(width, { random: createRandom(seed) }), width);
  const learned = (seed: number, rank = 3) => make(seed, new MahalanobisHead(3, { rank }));

  it('comes back bit for bit, with the weights of the head', () => {
    for (const build of [koch, learned]) {
      const saved: Twin<Measure> = build(1).withThreshold(0.25);
      const loaded = loadModel(saveModel(saved), build(2));
      expect(bits(loaded)).toEqual(bits(saved));
      expect([...stateDict(loaded).keys()]).toContain('head.weight');
      expect(loaded.threshold).toBe(0.25);
    }
  });

  it('is described by what the head records, by names that stay, and by its layers', () => {
    const file = readSafetensors(saveModel(koch(1)));
    expect(file.metadata.get('twingrad.model')).toBe('2');
    expect(file.metadata.get('twingrad.compare')).toBe(
      'asSimilarity(reshape(reshape(product(reshape(abs(sub(x0,x1))),parameter,parameter))))',
    );
    expect(file.metadata.get('twingrad.head')).toBe('[["weight","[1, 3]"],["bias","[1]"]]');
    const other = readSafetensors(saveModel(learned(1)));
    expect(other.metadata.get('twingrad.compare')).toBe(
      'asDistance(reshape(norm(reshape(product(reshape(sub(x0,x1)),parameter)))))',
    );
    expect(other.metadata.get('twingrad.head')).toBe('[["weight","[3, 3]"]]');
    expect(readSafetensors(saveModel(createTwin(1, euclidean))).metadata.has('twingrad.head')).toBe(false);
  });

  it('refuses another head, naming the difference, and leaves the twin alone', () => {
    expectRefused(
      saveModel(koch(1)),
      learned(2),
      /the model compares by 'asSimilarity\(.*\)', the twin by 'asDistance\(.*\)'\. Build the twin with the comparison/,
    );
    expectRefused(
      saveModel(koch(1)),
      koch(2, 4),
      /the layers differ \(weight: \[3, 2\] in the file, \[4, 2\] in the twin; bias: \[3\] in the file, \[4\] in the twin; head\.weight: \[1, 3\] in the file, \[1, 4\] in the twin\)\. Build the twin as it was when the model was saved\./,
    );
    expectRefused(
      saveModel(learned(1)),
      learned(2, 2),
      /the layers differ \(head\.weight: \[3, 3\] in the file, \[2, 3\] in the twin\)\. Build the twin as it was/,
    );
    const plain = new Twin<Measure>(new Linear(2, 3, { random: createRandom(1) }), { compare: euclidean });
    expectRefused(saveModel(koch(1)), plain, /compares by 'asSimilarity\(.*\)', the twin by 'euclidean\(x0,x1\)'/);
    expectRefused(saveModel(plain), koch(2), /compares by 'euclidean\(x0,x1\)', the twin by 'asSimilarity/);
    // The same ops, over weights that are the twin's and over weights that it does not hold.
    const closure = new Twin<Measure>(new Linear(2, 3, { random: createRandom(1) }), { compare: learned(1).metric });
    expectRefused(saveModel(learned(1)), closure, /by 'asDistance.*', the twin by 'custom'/);
    expectRefused(
      tampered(saveModel(learned(1)), { 'twingrad.head': undefined }),
      learned(2),
      /\(head\.weight: absent in the file, \[3, 3\] in the twin\)/,
    );
    for (const text of ['', 'null', '{}'])
      expectRefused(
        tampered(saveModel(learned(1)), { 'twingrad.head': text }),
        learned(2),
        /the description 'twingrad\.head' is missing or not a list/,
      );
  });
});

it('a file written before there were heads still loads', () => {
  const bytes = Buffer.from(
    [
      'iAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJ0d2luZ3JhZC5tb2RlbCI6IjIiLCJ0d2luZ3JhZC5jb21wYXJlIjoiY29zaW5lRGlz',
      'dGFuY2UoeDAseDEpIiwidHdpbmdyYWQua2VybmVscyI6InBvcnRhYmxlIiwidHdpbmdyYWQubGF5ZXJzIjoiW1tcIjBcIixcIm1v',
      'ZHVsZVwiXSxbXCIwLndlaWdodFwiLFwiWzEsIDFdXCJdLFtcIjAuYmlhc1wiLFwiWzFdXCJdLFtcIjFcIixcInJlbHUoeDApXCJd',
      'XSIsInR3aW5ncmFkLnRocmVzaG9sZCI6IjAuMjUifSwiZW5jb2Rlci4wLmJpYXMiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzFd',
      'LCJkYXRhX29mZnNldHMiOlswLDRdfSwiZW5jb2Rlci4wLndlaWdodCI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMSwxXSwiZGF0',
      'YV9vZmZzZXRzIjpbNCw4XX19ICAgICAgIAAAAL8AAEBA',
    ].join(''),
    'base64',
  );
  const make = () => new Sequential(new Linear(1, 1, { random: createRandom(1) }), relu);
  const twin = loadModel(bytes, new Twin(make(), { compare: cosineDistance }));
  expect([...stateDict(twin)].map(([name, { data }]) => [name, ...data])).toEqual([
    ['encoder.0.weight', 3],
    ['encoder.0.bias', -0.5],
  ]);
  expect(twin.threshold).toBe(0.25);
  expect(saveModel(twin)).toEqual(Uint8Array.from(bytes));
});
