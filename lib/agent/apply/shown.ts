import { given } from '../../core/attributes.ts';
import type { Attributes } from '../../core/node.ts';
import { attributeFields } from '../../protocol/attributes.ts';
import type { Accounts } from '../fs/accounts.ts';
import type { Details, FileStat, SiteFs } from '../fs/port.ts';

/** Owner, group and extended attributes of what is here, in words that other sites understand. */
export class Shown {
  readonly #fs: SiteFs;
  readonly #accounts: Accounts | undefined;

  /** Without `accounts` owners are not mapped: this endpoint says nothing of them, and leaves them as they are. */
  constructor(fs: SiteFs, accounts: Accounts | undefined) {
    this.#fs = fs;
    this.#accounts = accounts;
  }

  /** True where there is anything to say of files and directories. */
  get any(): boolean {
    return this.#accounts !== undefined || this.#fs.capabilities.xattrs;
  }

  /** What cannot be told here, or would be refused by the others (too many or too large), is left out. */
  async of({ stat, xattrs }: Pick<Details, 'stat' | 'xattrs'>): Promise<Attributes> {
    const fits = xattrs !== undefined && this.#fs.capabilities.xattrs && areSendable(xattrs);
    return given({ ...(await this.owners(stat)), ...(fits ? { xattrs } : {}) });
  }

  async owners({ uid, gid }: FileStat): Promise<Attributes> {
    const accounts = this.#accounts;
    if (accounts === undefined) return {};
    const [owner, group] = await Promise.all([accounts.textOf('user', uid), accounts.textOf('group', gid)]);
    return { owner, group };
  }
}

function areSendable(xattrs: NonNullable<Attributes['xattrs']>): boolean {
  return Object.keys(xattrs).length === 0 || attributeFields.xattrs.safeParse(xattrs).success;
}
