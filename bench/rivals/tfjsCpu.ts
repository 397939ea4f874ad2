import '@tensorflow/tfjs-backend-cpu';
import { setBackend } from '@tensorflow/tfjs-core';
import { serve } from '../serve.ts';
import manifest from './package.json' with { type: 'json' };
import * as tfjs from './tfjs.ts';

await setBackend('cpu');
await serve(
  { version: manifest.dependencies['@tensorflow/tfjs-core'] },
  { ...tfjs, convHeavyStep: 'is not run: a step would take about a minute' },
);
