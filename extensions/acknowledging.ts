/**
 * What is the acknowledgement of this message for?
 *
 * Hocuspocus does not say it when it sends one, so it is noted here, as the last thing before a message is handled;
 * when it then reaches the editor, acknowledgements.ts knows.
 */
import type { beforeSyncPayload, Extension } from '@hocuspocus/server';
import { messageYjsSyncStep1, messageYjsSyncStep2 } from 'y-protocols/sync';
import type { ConnectionContext } from '../server/session.ts';
import { readUpdate } from '../server/update-facts.ts';
import { overtakes, silence } from './overtaking.ts';

export class Acknowledging implements Extension<ConnectionContext> {
  async beforeSync(message: beforeSyncPayload<ConnectionContext>): Promise<void> {
    const { connection, context, type, payload } = message;
    const { acknowledgements } = context.socket;
    const address = connection.messageAddress;
    if (type === messageYjsSyncStep1) acknowledgements.exchangeBegins(address, payload);
    else if (type === messageYjsSyncStep2) acknowledgements.exchangeEnds(address);
    else {
      const update = readUpdate(payload);
      const comesAgain = overtakes(connection, update);
      acknowledgements.editComes(address, update, comesAgain);
      if (comesAgain) silence(payload);
    }
  }
}
