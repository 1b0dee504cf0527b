/**
 * Starts a real Chromium for tests of the pages: Debian's package, driven by playwright-core.
 */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const DEBIAN_CHROMIUM = '/usr/bin/chromium';

/** Tests run in containers and talk to 127.0.0.1 only: no sandbox, and nothing that asks the network on its own. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Launches Chromium without a window; close it when the tests are done.
 *
 * @throws when there is no Chromium, and says how to install it
 */
export async function launchChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH ?? DEBIAN_CHROMIUM;
  if (!existsSync(executablePath)) {
    throw new Error(
      `There is no Chromium at ${executablePath}. Install Debian's package with ` +
        '"apt-get update && apt-get install -y chromium", or set CHROMIUM_PATH to your own.',
    );
  }
  return chromium.launch({ executablePath, args: FLAGS });
}
