import { test } from 'vitest';
import * as t from '../../src/portable.ts';
import { expectClose, type Named, type Numbers, readFixture } from './fixture.ts';

interface Training {
  readonly batches: readonly { readonly a: Numbers; readonly b: Numbers; readonly different: readonly number[] }[];
  readonly learningRate: number;
  readonly margin: number;
  readonly initial: Named;
  readonly losses: readonly number[];
  readonly final: Named;
  readonly embeddings: Numbers;
}

test('a twin network trained for five steps: losses, weights, statistics, embeddings', () => {
  const { batches, learningRate, margin, initial, losses, final, embeddings } = readFixture<Training>('twin');
  const random = t.createRandom(0);
  const encoder = new t.Sequential(
    new t.Conv2d(2, 3, 3, { padding: 1, random }),
    t.relu,
    new t.MaxPool2d(2),
    new t.BatchNorm2d(3),
    new t.Conv2d(3, 4, 3, { random }),
    t.relu,
    new t.Flatten(),
    new t.Linear(16, 5, { random }),
  );
  t.loadStateDict(encoder, new Map(Object.entries(initial).map(([name, v]) => [name, t.tensor(v)])));
  const twin = new t.Twin(encoder, { compare: t.euclidean });
  const optimizer = new t.Adam(twin, { learningRate });
  losses.forEach((expected, step) => {
    const { a, b, different } = batches[step % batches.length];
    const distance = twin.compare(t.tensor(a), t.tensor(b), { training: true });
    const loss = t.contrastiveLoss(distance, { different }, { margin });
    expectClose(loss, expected, `loss of step ${step + 1}`);
    optimizer.step(t.backward(loss));
  });
  for (const [name, value] of t.stateDict(encoder)) expectClose(value, final[name], name);
  expectClose(twin.embed(t.tensor(batches[0].a)), embeddings, 'embeddings');
});
