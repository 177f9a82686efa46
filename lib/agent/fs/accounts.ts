// Users and groups by name and number. Other sites know an owner by name, because numbers differ from machine to machine;
// one that has no name here, by its number.
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { fromErrno } from './errors.ts';
import { textOf } from '../../protocol/bytes.ts';
import type { Native } from './binding.ts';

export type Kind = 'user' | 'group';

/** A name service: what the machine knows now, asked anew each time. */
export interface AccountSource {
  /** Undefined where nobody has this number. */
  nameOf(kind: Kind, id: number): Promise<string | undefined>;
  idOf(kind: Kind, name: string): Promise<number | undefined>;
}

/** The machine's own: local files, LDAP, Active Directory ... whatever its name service is set up for. */
export function nativeAccounts(native: Native): AccountSource {
  const code = (kind: Kind): 0 | 1 => (kind === 'group' ? 1 : 0);
  return {
    async nameOf(kind, id) {
      const answer = await native.accountName(code(kind), id);
      return isNobody(answer) ? undefined : textOf(Buffer.from(answer));
    },
    async idOf(kind, name) {
      const answer = await native.accountId(code(kind), name);
      return isNobody(answer) ? undefined : answer;
    },
  };
}

/** By the local files only, for where the addon is missing. */
export function fileAccounts(passwd = '/etc/passwd', group = '/etc/group'): AccountSource {
  const rows = async (kind: Kind): Promise<(readonly [name: string, id: number])[]> => {
    const text = await readFile(kind === 'group' ? group : passwd, 'utf8');
    return text.split('\n').flatMap((line) => {
      const [name = '', , id = ''] = line.split(':');
      return name === '' || !/^\d+$/.test(id) ? [] : [[name, Number(id)] as const];
    });
  };
  return {
    nameOf: async (kind, wanted) => (await rows(kind)).find(([, id]) => id === wanted)?.[0],
    idOf: async (kind, wanted) => (await rows(kind)).find(([name]) => name === wanted)?.[1],
  };
}

function isNobody(answer: unknown): answer is number {
  if (typeof answer !== 'number' || answer >= 0) return false;
  if (answer === -constants.errno.ENOENT) return true;
  throw fromErrno(answer, 'getpwnam');
}

/** So long an answer is taken for granted: a change of accounts is rare, and files are many. */
const rememberedMs = 60_000;

/** Owners as text, and back. */
export class Accounts {
  readonly #source: AccountSource;
  readonly #now: () => number;
  readonly #known = new Map<
    string,
    { readonly since: number; readonly answer: Promise<string | number | undefined> }
  >();

  /** `now` in milliseconds, only ever growing. */
  constructor(source: AccountSource, now: () => number) {
    this.#source = source;
    this.#now = now;
  }

  async textOf(kind: Kind, id: number): Promise<string> {
    const name = await this.#remember(`${kind} ${id}`, () => this.#source.nameOf(kind, id));
    // A name of digits only would be read as a number elsewhere.
    return name === undefined || /^\d+$/.test(String(name)) ? String(id) : String(name);
  }

  /** Undefined where this machine knows nobody of the name, or the kernel has no such number. */
  async idOf(kind: Kind, text: string): Promise<number | undefined> {
    if (/^\d+$/.test(text)) return Number(text) <= maxId ? Number(text) : undefined;
    return (await this.#remember(`${kind}=${text}`, () => this.#source.idOf(kind, text))) as number | undefined;
  }

  #remember(key: string, ask: () => Promise<string | number | undefined>): Promise<string | number | undefined> {
    const known = this.#known.get(key);
    if (known !== undefined && this.#now() - known.since < rememberedMs) return known.answer;
    const answer = ask();
    answer.catch(() => this.#known.delete(key)); // who awaits it gets the error; the next one asks again
    this.#known.set(key, { since: this.#now(), answer });
    return answer;
  }
}

/** The kernel's -1 means: leave it as it is. */
const maxId = 2 ** 32 - 2;
