import { smoke } from './program.ts';

/*
 * One file for all runtimes: workerd calls the default export, and only there may a program take its time; the others
 * run what stands at the end.
 */

export async function print(module?: WebAssembly.Module): Promise<void> {
  console.info(JSON.stringify(await smoke(module)));
}

// biome-ignore lint/style/noDefaultExport: workerd looks for its handlers there.
export default { test: (): Promise<void> => print() };

if (globalThis.navigator?.userAgent !== 'Cloudflare-Workers') await print();
