import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { threadId, Worker } from 'node:worker_threads';
import { transformSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFileAtomic } from '../src/node.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'twingrad-node-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const at = (name: string) => join(directory, name);

describe('writeFileAtomic', () => {
  it('writes bytes and text, and replaces what was there, shorter or longer', () => {
    for (const content of ['long content, first', 'short', '', 'ünïcödé ☃']) {
      writeFileAtomic(at('file'), content);
      expect(readFileSync(at('file'), 'utf8')).toBe(content);
    }
    const bytes = Uint8Array.of(0, 255, 13, 10, 128);
    writeFileAtomic(at('file'), bytes);
    expect(readFileSync(at('file'))).toEqual(Buffer.from(bytes));
    expect(readdirSync(directory)).toEqual(['file']);
  });

  it('writes the part that a view shows', () => {
    writeFileAtomic(at('file'), Uint8Array.of(1, 2, 3, 4, 5).subarray(1, 3));
    expect([...readFileSync(at('file'))]).toEqual([2, 3]);
  });

  it('replaces the file, instead of writing into it: who has it open keeps the old content', () => {
    writeFileSync(at('old'), 'old');
    linkSync(at('old'), at('file'));
    writeFileAtomic(at('file'), 'new');
    expect([readFileSync(at('old'), 'utf8'), readFileSync(at('file'), 'utf8')]).toEqual(['old', 'new']);
  });

  it('takes a path relative to the working directory', () => {
    writeFileAtomic(relative(process.cwd(), at('file')), 'here');
    expect(readFileSync(at('file'), 'utf8')).toBe('here');
    expect(readdirSync(directory)).toEqual(['file']);
  });

  it('fails on a missing directory, with the words of the file system', () => {
    expect(() => writeFileAtomic(join(directory, 'missing', 'file'), 'x')).toThrow(/ENOENT/);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('fails where the target is a directory, which it leaves alone, and removes the temporary file', () => {
    mkdirSync(at('target'));
    writeFileSync(at('target/inside'), 'kept');
    expect(() => writeFileAtomic(at('target'), 'x')).toThrow(/EISDIR|ENOTEMPTY|EEXIST|EPERM/);
    expect(readFileSync(at('target/inside'), 'utf8')).toBe('kept');
    expect(readdirSync(directory)).toEqual(['target']);
  });

  it('leaves the old file where the new one cannot be written', () => {
    writeFileAtomic(at('file'), 'old');
    // @ts-expect-error: neither bytes nor text
    expect(() => writeFileAtomic(at('file'), 12)).toThrow(TypeError);
    expect(readFileSync(at('file'), 'utf8')).toBe('old');
    expect(readdirSync(directory)).toEqual(['file']);
  });

  it('removes what killed processes left of this file, and nothing else', () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    const leftovers = [`.file.${pid}-0.tmp`, `.file.${pid}-12.tmp`, '.file.2147483647-0.tmp'];
    // Of running processes (who answers depends on the user), of other files, and names that only look alike.
    const others = [
      `.file.${process.ppid}-0.tmp`,
      '.file.1-0.tmp',
      // Of another thread of this process, which may be writing.
      `.file.${process.pid}-4711.tmp`,
      `.other.${pid}-0.tmp`,
      `.file.more.${pid}-0.tmp`,
      `file.${pid}-0.tmp`,
      `.file.${pid}.tmp`,
      '.file.tmp',
      '.file.x1-0.tmp',
      `.file.${pid}-0.tmp.gz`,
    ];
    for (const name of [...leftovers, ...others]) writeFileSync(at(name), 'half');
    writeFileAtomic(at('file'), 'whole');
    expect(readdirSync(directory).sort()).toEqual([...others, 'file'].sort());
  });

  it('keeps threads of one process apart: a reader finds what one of them wrote, whole', async () => {
    const source = readFileSync(new URL('../src/node.ts', import.meta.url), 'utf8');
    const code = `
      const made = { exports: {} };
      ((module, exports) => { ${transformSync(source, { loader: 'ts', format: 'cjs' }).code} })(made, made.exports);
      const { parentPort, workerData } = require('node:worker_threads');
      for (let i = 0; i < 150; i++) made.exports.writeFileAtomic(workerData.path, workerData.letter.repeat(100_000));
      parentPort.postMessage('done');`;
    const ends = ['a', 'b', 'c'].map(
      (letter) =>
        new Promise((resolve) => {
          const workerData = { path: at('file'), letter };
          const worker = new Worker(code, { eval: true, workerData, execArgv: [] });
          worker.on('message', resolve);
          worker.on('error', resolve);
        }),
    );
    const found = new Set<string>();
    const all = Promise.all(ends);
    let running = true;
    const ended = all.then(() => {
      running = false;
    });
    while (running) {
      if (existsSync(at('file'))) found.add(readFileSync(at('file'), 'utf8'));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await ended;
    expect(await all).toEqual(['done', 'done', 'done']);
    for (const text of found) expect([text.length, new Set(text).size]).toEqual([100_000, 1]);
    expect(readdirSync(directory)).toEqual(['file']);
  }, 30_000);

  it('takes over a temporary file of its own process and thread, left by a predecessor', () => {
    writeFileSync(at(`.file.${process.pid}-${threadId}.tmp`), 'a much longer leftover of a process with this number');
    writeFileAtomic(at('file'), 'whole');
    expect(readFileSync(at('file'), 'utf8')).toBe('whole');
    expect(readdirSync(directory)).toEqual(['file']);
  });

  it.runIf(process.getuid?.() !== 0)(
    'writes into a directory that may not be listed, and fails in one that may not be written',
    () => {
      writeFileAtomic(at('file'), 'old');
      chmodSync(directory, 0o300);
      writeFileAtomic(at('file'), 'new');
      chmodSync(directory, 0o500);
      expect(() => writeFileAtomic(at('file'), 'x')).toThrow(/EACCES/);
      chmodSync(directory, 0o700);
      expect(readFileSync(at('file'), 'utf8')).toBe('new');
      expect(existsSync(at('file'))).toBe(true);
    },
  );
});
