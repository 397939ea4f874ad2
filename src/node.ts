import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';

/**
 * Writes a file so that it is never half-written: into a temporary file beside it, flushed to the disk, which then takes
 * its place in one step. Whoever reads `path`, also after a crash, finds the old content or the new.
 *
 * A process that is killed while it writes leaves its temporary file, `.name.<process id>-<thread id>.tmp`; the next
 * write of `path` removes it.
 *
 * Throws: what the file system throws; the old file is then untouched and the temporary one removed.
 */
export function writeFileAtomic(path: string, bytes: Uint8Array | string): void {
  removeLeftovers(path);
  const temporary = temporaryOf(path, `${process.pid}-${threadId}`);
  try {
    const file = openSync(temporary, 'w');
    try {
      writeFileSync(file, bytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Process and thread in the name keep two that write one path apart: each renames only what it finished. */
function temporaryOf(path: string, writer: string): string {
  return join(dirname(path), `.${basename(path)}.${writer}.tmp`);
}

/** Removes the temporary files of processes that no longer run. Never fails: the write itself says what is wrong. */
function removeLeftovers(path: string): void {
  const prefix = `.${basename(path)}.`;
  try {
    for (const name of readdirSync(dirname(path))) {
      if (!name.startsWith(prefix)) continue;
      const [, writer, pid] = /^((\d+)-\d+)\.tmp$/.exec(name.slice(prefix.length)) ?? [];
      if (writer !== undefined && !isRunning(Number(pid))) rmSync(temporaryOf(path, writer), { force: true });
    }
  } catch {
    // A directory that is missing or may not be listed.
  }
}

function isRunning(pid: number): boolean {
  try {
    // Signal 0 only asks. A process of another user answers EPERM, and runs.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
