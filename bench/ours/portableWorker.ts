import { portableKernels, useKernels } from 'twingrad/kernels';
import manifest from '../../package.json' with { type: 'json' };
import { serve } from '../serve.ts';
import * as twingrad from './twingrad.ts';

useKernels(portableKernels);
await serve({ version: `${manifest.version} of this folder, plain TypeScript` }, twingrad);
