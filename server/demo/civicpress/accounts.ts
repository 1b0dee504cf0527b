/** The accounts: configured ones sign in with a password, simulated ones come into being at their first login. */
import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Collection } from './collection.ts';

const derive = promisify<string, Buffer, number, Buffer>(scrypt);
const SALT_BYTES = 16;
const KEY_BYTES = 32;

export interface ConfiguredUser {
  username: string;
  password: string;
  role: string;
}

export interface Account {
  id: number;
  username: string;
  role: string;
  email: string;
  name: string | null;
  avatar_url: string | null;
  /** `<salt>.<key>` in hex, from scrypt; `null` for a simulated account. */
  passwordHash: string | null;
}

export class Accounts {
  readonly #collection: Collection<Account>;

  constructor(collection: Collection<Account>) {
    this.#collection = collection;
  }

  withId(id: number): Account | undefined {
    return this.#collection.get(String(id));
  }

  named(username: string): Account | undefined {
    return this.#collection.values().find((account) => account.username === username);
  }

  /** The account with this password, or `null`. */
  async withPassword(username: string, password: string): Promise<Account | null> {
    const account = this.named(username);
    if (!account?.passwordHash) return null;
    return (await passwordMatches(password, account.passwordHash)) ? account : null;
  }

  /** The simulated account of this name, in the role that was asked for; `null` when the name has a password. */
  async simulate(username: string, role: string): Promise<Account | null> {
    const known = this.named(username);
    if (known?.passwordHash) return null;
    const account = known ?? {
      id: this.#nextId(),
      username,
      role,
      email: `${username}@simulated.local`,
      name: username,
      avatar_url: `https://avatars.example.org/u/${sha256(username).slice(0, 12)}`,
      passwordHash: null,
    };
    return this.#keep({ ...account, role });
  }

  /** Creates the configured accounts, or gives them the configured password and role. */
  async configure(users: readonly ConfiguredUser[]): Promise<void> {
    for (const { username, password, role } of users) {
      const known = this.named(username);
      await this.#keep({
        id: known?.id ?? this.#nextId(),
        username,
        role,
        email: `${username}@example.org`,
        name: null,
        avatar_url: null,
        passwordHash: await hashPassword(password),
      });
    }
  }

  async setRole(username: string, role: string): Promise<void> {
    const account = this.named(username);
    if (account) await this.#keep({ ...account, role });
  }

  async delete(username: string): Promise<void> {
    const account = this.named(username);
    if (account) await this.#collection.delete(String(account.id));
  }

  async #keep(account: Account): Promise<Account> {
    await this.#collection.set(String(account.id), account);
    return account;
  }

  #nextId(): number {
    return 1 + Math.max(0, ...this.#collection.values().map((account) => account.id));
  }
}

async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt, KEY_BYTES);
  return `${salt.toString('hex')}.${key.toString('hex')}`;
}

async function passwordMatches(password: string, hash: string): Promise<boolean> {
  const [salt = '', key = ''] = hash.split('.');
  return timingSafeEqual(
    await derive(password, Buffer.from(salt, 'hex'), KEY_BYTES),
    Buffer.from(key, 'hex'),
  );
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
