import { createHash } from 'node:crypto';
import type { Database, Statement } from '../../base/sqlite.ts';
import { FilesError } from './errors.ts';
import { inherit } from './inherit.ts';

/** Full access for administrators and the system, modify for the users of the share: what a root has at first. */
const defaultSddl = 'O:SYG:SYD:(A;OICI;0x1301bf;;;AU)(A;OICIIO;FA;;;CO)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)';
export const defaultKey = keyOf(defaultSddl);

/** Of a security descriptor in a header or a body. */
const maxLength = 8192;

const maxRemembered = 10_000;

/** Security descriptors of a share by key: files hold keys. The same text has the same key. */
export class Permissions {
  readonly #insert: Statement;
  readonly #find: Statement;
  readonly #removeAll: Statement;
  /** Keys that were worked out and stored, so that a new file costs no statement. */
  readonly #inherited = new Map<string, string>();
  #recent: string[] = [];

  constructor(db: Database) {
    this.#insert = db.prepare('INSERT OR IGNORE INTO permission (share, key, sddl) VALUES (?, ?, ?)');
    this.#find = db.prepare('SELECT sddl FROM permission WHERE share = ? AND key = ?');
    this.#removeAll = db.prepare('DELETE FROM permission WHERE share = ?');
  }

  /** Inside a transaction. */
  removeAll(share: number): void {
    this.#inherited.clear();
    this.#removeAll.run(share);
  }

  /** Inside a transaction. Errors: FileInvalidPermission, InvalidHeaderValue. */
  add(share: number, sddl: string): string {
    if (sddl.length > maxLength) throw new FilesError('InvalidHeaderValue', 'x-ms-file-permission');
    if (!/^(?:O:\S+)?(?:G:\S+)?D:/.test(sddl)) throw new FilesError('FileInvalidPermission');
    return this.#store(share, sddl);
  }

  /** Inside a transaction: what a new child of a directory with this permission gets. */
  inherit(share: number, key: string, isDirectory: boolean): string {
    const asked = `${share} ${key} ${isDirectory ? 'd' : 'f'}`;
    const known = this.#inherited.get(asked);
    if (known !== undefined) return known;
    const found = this.#store(share, inherit(this.get(share, key), isDirectory));
    if (this.#inherited.size >= maxRemembered) this.#inherited.clear();
    this.#inherited.set(asked, found);
    this.#recent.push(asked);
    return found;
  }

  /** Errors: FileInvalidPermissionKey. */
  get(share: number, key: string): string {
    if (key === defaultKey) return defaultSddl;
    const row = this.#find.get(share, key);
    if (row === undefined) throw new FilesError('FileInvalidPermissionKey', key);
    return String(row['sddl']);
  }

  /** A part of a transaction begins; if it fails, `undo` forgets what it alone has stored. */
  begin(): void {
    if (this.#recent.length > 0) this.#recent = [];
  }

  undo(): void {
    for (const asked of this.#recent) this.#inherited.delete(asked);
  }

  /** For a transaction that failed as a whole. */
  forget(): void {
    this.#inherited.clear();
  }

  #store(share: number, sddl: string): string {
    const key = keyOf(sddl);
    this.#insert.run(share, key, sddl);
    return key;
  }
}

/** Two decimal numbers of 64 bits, as the service forms its keys. */
function keyOf(sddl: string): string {
  const hash = createHash('sha256').update(sddl).digest();
  return `${hash.readBigUInt64BE(0)}*${hash.readBigUInt64BE(8)}`;
}
