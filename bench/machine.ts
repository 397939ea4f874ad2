import { existsSync, readFileSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';

/** What the figures depend on, in words; nothing that names this machine among others. */
export function describeMachine(): string {
  const [{ model }] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${model.trim()}, ${cpus().length} cores, ${memory} GiB of memory, ${system()} (${arch()}), Node ${process.version} (V8 ${process.versions.v8})`;
}

function system(): string {
  if (!existsSync('/etc/os-release')) return platform();
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? platform();
}
