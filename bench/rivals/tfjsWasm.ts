import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { env, setBackend } from '@tensorflow/tfjs-core';
import { serve } from '../serve.ts';
import manifest from './package.json' with { type: 'json' };
import * as tfjs from './tfjs.ts';

// The driver names the folder of the .wasm files: the bundle lies elsewhere.
setWasmPaths(process.argv[2]);
setThreadsCount(1);
env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
const simd = (await env().getAsync('WASM_HAS_SIMD_SUPPORT')) === true;
const works = simd && (await setBackend('wasm'));
const cannot = 'has no gradient of convolution filters';
await serve(
  works
    ? { version: `${manifest.dependencies['@tensorflow/tfjs-backend-wasm']}, SIMD` }
    : { absent: 'its SIMD backend does not start here' },
  { ...tfjs, convGradients: cannot, referenceStep: cannot, convHeavyStep: cannot },
);
