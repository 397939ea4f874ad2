import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Contestant } from './interleave.ts';
import type { Answer, Hello, Request } from './protocol.ts';

/** How to start the worker of a library. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A library in a process of its own, which sleeps while others are timed. */
export class WorkerProcess implements Contestant {
  readonly library: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string>;
  #errors = '';

  constructor(library: string, { file, args, env = {} }: Command) {
    this.library = library;
    this.#child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr.on('data', (text) => {
      this.#errors += String(text);
    });
    // A worker that could not start, or has stopped, shows as the end of its output.
    this.#child.on('error', (error) => {
      this.#errors += error.message;
    });
    this.#child.stdin.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** The first thing that the worker says. */
  async hello(): Promise<Hello> {
    return (await this.#next<Hello>()) ?? { absent: `its worker did not start: ${this.#lastError()}` };
  }

  async ask(request: Request): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    return (await this.#next<Answer>()) ?? { cannot: `its worker stopped: ${this.#lastError()}` };
  }

  stop(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }

  /** The next message; libraries print greetings of their own in between. `undefined` at the end. */
  async #next<T>(): Promise<T | undefined> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) return undefined;
      if (value.startsWith('{')) return JSON.parse(value);
    }
  }

  #lastError(): string {
    const lines = this.#errors.trim().split('\n');
    return lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? '';
  }
}
