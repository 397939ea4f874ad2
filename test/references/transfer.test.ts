import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as t from '../../src/portable.ts';
import { expectClose, type Numbers, readFixture } from './fixture.ts';

/*
 * Two encoders trained by PyTorch (pytorch/transfer.py) come over by a safetensors file with unchanged names, and go
 * back trained on.
 */

const random = t.createRandom(5);

/** Ids of words to an embedding, as the class of the same name in transfer.py. */
class Words extends t.Module {
  readonly embedding = new t.Embedding(11, 8, { paddingIndex: 0, random });
  readonly encoder = new t.TransformerEncoderLayer(8, 2, { feedForward: 16, activation: 'gelu', dropout: 0, random });
  readonly gru = new t.GRU(8, 6, { bidirectional: true, returns: 'last', random });
  readonly head = new t.Linear(12, 4, { random });

  forward(ids: t.IntTensor, context?: t.Context): t.Tensor {
    return this.head.forward(this.gru.forward(this.encoder.forward(this.embedding.forward(ids), context), context));
  }
}

const createModels = () => ({
  images: new t.Sequential(
    new t.Conv2d(1, 4, 3, { padding: 1, random }),
    new t.BatchNorm2d(4),
    t.relu,
    new t.MaxPool2d(2),
    new t.Conv2d(4, 8, 3, { padding: 1, groups: 4, random }),
    new t.GroupNorm(2, 8),
    t.relu,
    new t.Flatten(),
    new t.Linear(8 * 3 * 3, 5, { random }),
  ),
  words: new Words(),
});

type Models = ReturnType<typeof createModels>;
type Outputs = Readonly<Record<keyof Models, Numbers>>;

const { inputs, outputs } = readFixture<{
  readonly inputs: { readonly images: Numbers; readonly words: readonly (readonly number[])[] };
  readonly outputs: Outputs;
}>('transfer');
const images = t.tensor(inputs.images);
const words = t.intTensor(Int32Array.from(inputs.words.flat()), [inputs.words.length, inputs.words[0].length]);
const file = new URL('./pytorch/transfer.safetensors', import.meta.url);

function load(bytes: Uint8Array): Models {
  const models = createModels();
  t.loadStateDict(models, new Map([...t.readSafetensors(bytes)].map(([name, entry]) => [name, t.toTensor(entry)])));
  return models;
}

const save = (models: Models): Uint8Array =>
  t.writeSafetensors(new Map([...t.stateDict(models)].map(([name, x]) => [name, t.fromTensor(x)])));

function expectOutputs(models: Models, expected: Outputs): void {
  expectClose(models.images.forward(images), expected.images, 'images');
  expectClose(models.words.forward(words), expected.words, 'words');
}

describe('from PyTorch', () => {
  test('a trained model gives the outputs it gave there', () => {
    expectOutputs(load(readFileSync(file)), outputs);
  });

  test('and a twin of it compares, embeds and recognizes ids of words', () => {
    const twin = new t.Twin(load(readFileSync(file)).words, { compare: t.euclidean });
    const [first, second, third] = [0, 1, 2].map((i) => t.intTensor(words.data.slice(5 * i, 5 * i + 5), [1, 5]));
    expectClose(twin.embed(words, { batchSize: 2 }), outputs.words, 'embeddings');
    // It was trained to bring the first two together, and to push the third away by sqrt(2).
    expect(twin.compare(first, second).item()).toBeLessThan(0.2);
    expect(twin.compare(first, third).item()).toBeGreaterThan(1.4);
    expect(twin.compare(first, first).item()).toBe(0);
    const gallery = new t.Gallery<string>(twin);
    gallery.add(words, ['near', 'near', 'far']);
    expect(gallery.vote(second, { k: 1 })[0].label).toBe('near');
    const batch = { a: first, b: third, different: new Uint8Array([1]) };
    const scored = t.scorePairs(twin, { length: 1, epoch: () => [batch] });
    expect(scored.scores[0]).toBe(twin.compare(first, third).item());
  });
});

describe('back to PyTorch', () => {
  test('a file holds the same bytes by the same names, but for the counts of batches', () => {
    const theirs = [...t.readSafetensors(readFileSync(file))].filter(([name]) => !name.endsWith('num_batches_tracked'));
    const ours = new Map(t.readSafetensors(save(load(readFileSync(file)))));
    expect([...ours.keys()].sort()).toEqual(theirs.map(([name]) => name).sort());
    for (const [name, { dtype, shape, bytes }] of theirs) {
      expect(ours.get(name)?.dtype, name).toBe(dtype);
      expect(ours.get(name)?.shape, name).toEqual(shape);
      expect(Buffer.compare(ours.get(name)?.bytes ?? new Uint8Array(), bytes), name).toBe(0);
    }
  });

  test('trained on here, it gives there what it gives here', ({ skip }) => {
    const python = ['/usr/bin/python3', 'python3'].find(hasTorch);
    if (python === undefined) return skip('no Python with PyTorch here (Debian: python3-torch)');
    const models = load(readFileSync(file));
    const optimizer = new t.Adam(models, { learningRate: 0.01 });
    const before = t.sum(t.square(models.words.forward(words))).item();
    for (let step = 0; step < 3; step++) {
      const squares = t.add(
        t.sum(t.square(models.images.forward(images, { training: true }))),
        t.sum(t.square(models.words.forward(words))),
      );
      optimizer.step(t.backward(squares));
    }
    expect(t.sum(t.square(models.words.forward(words))).item()).toBeLessThan(0.9 * before);
    const folder = mkdtempSync(join(tmpdir(), 'transfer-'));
    try {
      const path = join(folder, 'trained.safetensors');
      writeFileSync(path, save(models));
      const script = new URL('./pytorch/transfer.py', import.meta.url).pathname;
      expectOutputs(models, JSON.parse(execFileSync(python, [script, path], { encoding: 'utf8' })));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function hasTorch(python: string): boolean {
  try {
    execFileSync(python, ['-c', 'import torch'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
