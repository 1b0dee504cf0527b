/**
 * A histogram for what is measured with each edit.
 *
 * To hand a value over costs prom-client some microseconds when it has not done so for a while, and next to nothing when
 * many come in a row: so they are kept, and handed over together when there are many, or when somebody asks.
 */
import { Histogram, type HistogramConfiguration } from 'prom-client';

/** So many take a part of a millisecond. */
const together = 256;

export class Distribution {
  readonly #histogram: Histogram;
  readonly #values = new Float64Array(together);
  #count = 0;

  constructor(about: Omit<HistogramConfiguration<never>, 'collect' | 'labelNames'>) {
    this.#histogram = new Histogram({ ...about, collect: () => this.#handOver() });
  }

  observe(value: number): void {
    this.#values[this.#count] = value;
    this.#count += 1;
    if (this.#count === together) this.#handOver();
  }

  #handOver(): void {
    for (const value of this.#values.subarray(0, this.#count)) this.#histogram.observe(value);
    this.#count = 0;
  }
}
