import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { Distribution } from '../../../server/operations/distribution.ts';

it('[O3] tells all that was measured, what was kept back as well, each once', async () => {
  const registry = new Registry();
  const about = { name: 'sizes', help: 'Sizes.', buckets: [100, 200], registers: [registry] };
  const distribution = new Distribution(about);
  for (let value = 1; value <= 300; value += 1) distribution.observe(value);
  for (const time of ['first', 'second']) {
    const text = await registry.metrics();
    const told = Object.fromEntries(
      text
        .split('\n')
        .filter((line) => line.startsWith('sizes'))
        .map((line) => line.split(' ')),
    );
    expect(told, `the ${time} time`).toEqual({
      'sizes_bucket{le="100"}': '100',
      'sizes_bucket{le="200"}': '200',
      'sizes_bucket{le="+Inf"}': '300',
      sizes_sum: '45150',
      sizes_count: '300',
    });
  }
});
