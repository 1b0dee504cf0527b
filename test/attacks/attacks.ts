/** All of them, in the order of docs/security.md. */
import type { Attack } from './attack.ts';
import { compressionBomb } from './rows/compression-bomb.ts';
import { conflictingUpdates } from './rows/conflicting-updates.ts';
import { foreignPage } from './rows/foreign-page.ts';
import { forgedAddress } from './rows/forged-address.ts';
import { forgedPresence } from './rows/forged-presence.ts';
import { hugeUpdates } from './rows/huge-updates.ts';
import { intricateUpdates } from './rows/intricate-updates.ts';
import { linksOutside } from './rows/links-outside.ts';
import { malformedUpdates } from './rows/malformed-updates.ts';
import { manyRooms } from './rows/many-rooms.ts';
import { manyStreams } from './rows/many-streams.ts';
import { messageFlood } from './rows/message-flood.ts';
import { missingHistory } from './rows/missing-history.ts';
import { oddPeers } from './rows/odd-peers.ts';
import { questionFlood } from './rows/question-flood.ts';
import { revokedToken } from './rows/revoked-token.ts';
import { specWrites } from './rows/spec-writes.ts';
import { stalledReader } from './rows/stalled-reader.ts';
import { stolenClientId } from './rows/stolen-client-id.ts';
import { strangers } from './rows/strangers.ts';
import { textBombs } from './rows/text-bombs.ts';
import { tokenInQuery } from './rows/token-in-query.ts';
import { webhookTargets } from './rows/webhook-targets.ts';
import { wrongNames } from './rows/wrong-names.ts';

export const attacks: readonly Attack[] = [
  strangers,
  oddPeers,
  foreignPage,
  forgedAddress,
  tokenInQuery,
  wrongNames,
  revokedToken,
  manyRooms,
  questionFlood,
  stalledReader,
  messageFlood,
  hugeUpdates,
  compressionBomb,
  malformedUpdates,
  missingHistory,
  intricateUpdates,
  conflictingUpdates,
  stolenClientId,
  forgedPresence,
  textBombs,
  specWrites,
  manyStreams,
  linksOutside,
  webhookTargets,
];
