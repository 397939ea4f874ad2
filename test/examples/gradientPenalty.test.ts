import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { readDigits } from '../../examples/digits/data.ts';
import { measureTwin, type Settings, trainTwin } from '../../examples/gradientPenalty/experiment.ts';
import { root } from '../sources.ts';

const TINY: Settings = { seed: 5, steps: 30, batchSize: 16, pairs: 200, epsilon: 0.05, noise: 0.4 };

const run = (...args: string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', 'examples/gradientPenalty/main.ts', ...args], {
    cwd: root,
    encoding: 'utf8',
  });

describe('the gradient penalty', () => {
  const sets = readDigits([], 1000);
  const once = async (penalty: number) => {
    const losses: number[] = [];
    const { twin } = await trainTwin(sets.training, TINY, penalty, (_, loss) => {
      losses.push(loss);
    });
    return { losses, measured: measureTwin(twin, sets, TINY) };
  };

  it('lowers the gradient of distances, and a signed step turns fewer pairs over', { timeout: 60_000 }, async () => {
    const [plain, penalized] = [await once(0), await once(1)];
    expect(penalized.measured.gradientNorm).toBeLessThan(0.9 * plain.measured.gradientNorm);
    const lost = ({ clean, attacked }: typeof plain.measured) => clean - attacked;
    expect(lost(penalized.measured)).toBeLessThan(lost(plain.measured));
    // The same first weights and pairs.
    expect(penalized.losses[0]).toBe(plain.losses[0]);
    expect(penalized.losses.at(-1)).not.toBe(plain.losses.at(-1));
    for (const { losses, measured } of [plain, penalized]) {
      expect(losses).toHaveLength(TINY.steps);
      expect(measured.clean).toBeGreaterThan(0.6);
    }
    // The same seed, the same numbers.
    expect(await once(1)).toEqual(penalized);
  });
});

describe('npm run gradient-penalty', () => {
  it('prints its seed and the table', { timeout: 60_000 }, () => {
    const { status, stdout, stderr } = run('--steps', '2', '--pairs', '100', '--seed', '3');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    for (const part of ['Seed 3', 'Penalty 0.3', 'Pairs called right', 'noise of 0.4', 'Time a step'])
      expect(stdout).toContain(part);
  });

  it.each([
    [['--steps', '0'], 'from 1 to 100000'],
    [['--penalty', '-1'], 'a number of at least 0'],
  ])('%j ends with one line and exit code 2', (args, message) => {
    const { status, stdout, stderr } = run(...args);
    expect(stderr).toMatch(/^error: .*\n$/);
    expect(stderr).toContain(message);
    expect([status, stdout]).toEqual([2, '']);
  });
});
