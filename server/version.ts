/**
 * The version of this package, as its package.json says it: beside the sources, or above the built ones.
 */
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

const file = findPackageJSON(import.meta.url) as string;

export const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string };
