/**
 * Prints what happens to the specs below E13: `node docs/examples/spec-terminal.ts https://records.example.org`,
 * with a CivicPress token in `TOKEN`.
 */
import { type SpecsWatch, watchSpecs } from '../../client/index.ts';

export function printSpecs(url: string, token: string, print: (line: string) => void): SpecsWatch {
  return watchSpecs({
    url,
    token,
    specIds: ['E13'],
    includeChildren: true,
    onReset: (specs) => print(`${specs.length} specs`),
    onEvent: ({ event, data }) => {
      const changes = event === 'specs.batch' ? data.changes : [{ event, ...data }];
      for (const change of changes) print(`${change.event} ${change.id}`);
    },
    onState: (state) => {
      if (state.is === 'live') print(`live by ${state.transport}`);
      if (state.is === 'refused') print(`refused: ${state.reason}`);
    },
  });
}

if (import.meta.main) printSpecs(process.argv[2] ?? '', process.env.TOKEN ?? '', console.log);
