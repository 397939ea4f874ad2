import { expect, test } from 'vitest';
import { opsPage } from './autograd/opsPage.ts';

test('docs/ops.md is current; `npm run docs` writes it', async () => {
  await expect(opsPage()).toMatchFileSnapshot('../docs/ops.md');
});
