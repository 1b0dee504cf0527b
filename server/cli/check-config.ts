/**
 * `check-config`: says what is wrong with the settings, every one, or what differs from the defaults.
 */
import { parseArgs } from 'node:util';
import { type Config, settings } from '../config.ts';
import { readSettings } from './settings.ts';
import { type Command, success } from './terminal.ts';

/** Their values are for nobody's eyes. */
const secrets = /password|token|secret|postgres_url|redis\.url/;

export const checkConfig: Command = async (args, terminal) => {
  const { values } = parseArgs({ args: [...args], options: { config: { type: 'string' } } });
  const config = await readSettings(values.config, terminal.environment);
  const changed = settings.flatMap((setting) => {
    const value = valueAt(config, setting.path);
    if (value === undefined || JSON.stringify(value) === JSON.stringify(setting.default)) return [];
    return `  ${setting.path}: ${secrets.test(setting.path) ? '(set)' : JSON.stringify(value)}\n`;
  });
  terminal.write(
    changed.length === 0
      ? 'The settings are right: all of them are the defaults.\n'
      : `The settings are right. These differ from the defaults:\n${changed.join('')}`,
  );
  return success;
};

function valueAt(config: Config, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], config);
}
