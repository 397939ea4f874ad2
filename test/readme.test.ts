import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { root } from './sources.ts';

const readme = readFileSync(`${root}README.md`, 'utf8');
const programs = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);

/** Where programs are written: inside the package, so that they import `twingrad` by its name. */
const folder = `${root}out/readme/`;

describe('README.md', () => {
  // Trains on 55,000 pairs: twenty seconds of one core, minutes on the portable kernels.
  test('the quick start runs as it stands, and tells digits apart', { timeout: 900_000 }, async () => {
    const output = await run(programs[0], 'quick-start', root);
    expect(lossesIn(output, /^1 \d+ (\S+)$/gm).length).toBeGreaterThan(400);
    const accuracy = Number(/accuracy: ([\d.]+)/.exec(output)?.[1]);
    console.info(`quick start: accuracy ${accuracy} on the test images`);
    expect(accuracy).toBeGreaterThan(0.96);
  });

  test('the loop by hand learns', { timeout: 60_000 }, async () => {
    const losses = lossesIn(await run(programs[1], 'by-hand'), /^\d+ (\S+)$/gm);
    expect(losses).toHaveLength(20);
    expect(losses[19]).toBeLessThan(0.3 * losses[0]);
  });

  test('the gradient check passes', { timeout: 60_000 }, async () => {
    const output = await run(programs[2], 'gradcheck');
    expect(output).toMatch(/^true \d/);
    expect(output).toMatch(/gradcheck: 4 derivatives agree .* gradgradcheck: 8 derivatives agree/);
  });

  test('the gradient check says what README says of a wrong sign', { timeout: 60_000 }, async () => {
    const wrong = programs[2].replace('mul(g, mul(3,', 'mul(g, mul(-3,');
    const [, message] = /the message is `(gradcheck: [^`]+)`/.exec(readme) ?? [];
    expect(wrong).not.toBe(programs[2]);
    expect(await run(wrong, 'gradcheck-wrong')).toContain(message);
  });

  test('the laws hold of the loss, and say what README says of one with the margin on the wrong side', {
    timeout: 120_000,
  }, async () => {
    expect(await run(programs[3], 'laws')).toBe('');
    const wrong = programs[3]
      .replace('sub(1, d)', 'sub(d, 1)')
      .replace('{ margin: 1 }));', '{ margin: 1 }), { seed: 1 });');
    const [, report] = /^```text\n(my loss breaks .*?)^```$/ms.exec(readme) ?? [];
    const error = await run(wrong, 'laws-wrong').catch(String);
    expect(error).toContain(`4 of 12 laws do not hold.\n\n${report}`);
  });

  test('the gallery finds its people', { timeout: 60_000 }, async () => {
    const output = await run(programs[4], 'gallery');
    expect(output).toContain("{ label: 'ann', index: 1, score: 1 }");
    expect(output.trimEnd().split('\n').at(-1)).toBe('bob');
  });

  test('the words are recognized by their misspellings', { timeout: 60_000 }, async () => {
    const output = await run(programs[5], 'words');
    expect(output).toContain("[ 'jonathan', 'frederick', 'isabel' ]");
    expect(lossesIn(output, /^\d+ (\S+)$/gm).at(-1)).toBeLessThan(0.02);
  });

  test('saving and loading runs, and once more from the checkpoint', { timeout: 60_000 }, async () => {
    expect(await run(programs[6], 'saving')).toMatch(/^\[ (true|false), (true|false) \]/);
    expect(existsSync(`${folder}saving/model.safetensors`)).toBe(true);
    const first = readFileSync(`${folder}saving/model.safetensors`);
    await run(programs[6], 'saving', `${folder}saving`, false);
    expect(readFileSync(`${folder}saving/model.safetensors`).equals(first)).toBe(true);
  });

  test('the loop in recycled memory learns', { timeout: 60_000 }, async () => {
    const [first, later] = lossesIn(await run(programs[7], 'scope'), /^(?:0|50) (\S+)$/gm);
    expect(later).toBeLessThan(0.5 * first);
  });

  test('there is no other program', () => {
    expect(programs).toHaveLength(8);
  });

  test('.ci/run calls what it names', () => {
    const command = readFileSync(`${root}.ci/run`, 'utf8').trimEnd().split('\n').at(-1) ?? '';
    expect(command).toBe('npm ci && npm test');
    expect(readme).toContain(`\n${command} `);
  });

  test.each(['README.md', 'CONTRIBUTING.md'])('%s names scripts and files that exist', (name) => {
    const text = readFileSync(root + name, 'utf8');
    const { scripts }: { scripts: Readonly<Record<string, string>> } = JSON.parse(
      readFileSync(`${root}package.json`, 'utf8'),
    );
    const commands = [...text.matchAll(/npm (?:run ([\w:-]+)|(test)\b)/g)].map(([, script, word]) => script ?? word);
    expect(commands).toContain('test');
    expect(commands.filter((command) => !(command in scripts))).toEqual([]);
    const links = [...text.matchAll(/\]\(((?!https:)[^)]+)\)/g)].map(([, link]) => link);
    expect(links.filter((link) => !existsSync(root + link))).toEqual([]);
  });
});

function lossesIn(output: string, line: RegExp): number[] {
  return [...output.matchAll(line)].map(([, loss]) => Number(loss));
}

/** What a program prints. Throws, with its errors, where it fails. */
async function run(program: string, name: string, cwd = `${folder}${name}`, fresh = true): Promise<string> {
  if (fresh) rmSync(folder + name, { recursive: true, force: true });
  mkdirSync(folder + name, { recursive: true });
  const file = `${folder}${name}/main.ts`;
  writeFileSync(file, program);
  const child = spawn(process.execPath, ['--import', 'tsx', file], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (errors += chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  writeFileSync(`${folder}${name}/output.txt`, output);
  if (code !== 0) throw new Error(`README.md: the program ${file} ended with ${code}.\n${errors}`);
  return output;
}
