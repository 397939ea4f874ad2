import { portableKernels, useKernels } from 'twingrad/kernels';
import manifest from '../../package.json' with { type: 'json' };
import { serve } from '../serve.ts';
import * as twingrad from './twingrad.ts';

// What importing 'twingrad' has installed is what is measured.
const installed = useKernels(portableKernels);
useKernels(installed);
const hello =
  installed.name === portableKernels.name
    ? { absent: 'importing twingrad installed no SIMD kernels here' }
    : { version: `${manifest.version} of this folder, kernels '${installed.name}'` };
await serve(hello, twingrad);
