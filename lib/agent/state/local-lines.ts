// The rows of a directory as lines that can be compared with what the site shows (see fs/lines.ts, which says what is in
// them). A scan in which nothing changed makes no object of any file: SQLite joins the text, and bytes are compared.
import type { Identity } from '../../core/identify.ts';
import type { NodeId } from '../../core/node.ts';
import type { Database, Statement } from '../../base/sqlite.ts';
import { unpackName } from './names.ts';

/** Rows with names that follow one another. */
export interface LocalPage {
  /** A file that is not settled has a line that nothing on the site has. */
  readonly lines: Uint8Array;
  readonly count: number;
  /** To go on after; of a name that is not UTF-8 not the name itself (see names.ts). */
  readonly last: string;
  readonly directories: readonly LocalDirectory[];
}

export interface LocalDirectory extends Identity {
  readonly id: NodeId;
  readonly name: string;
}

const line = `concat_ws('/', name, kind, iif(kind = 'directory', '', size), iif(kind = 'directory', '', stat_mtime),
  iif(kind = 'link', '', mode), inode, born, ctime || iif(kind = 'file' AND settled = 0, '?', '') || char(10))`;

export class LocalLines {
  readonly #page: Statement;

  constructor(db: Database) {
    // A bare parameter as the limit has SQLite plan the statement anew each time it is bound.
    // The order of the inner rows is what the outer ones are joined in; were it another one, lines would only seem to differ.
    this.#page = db.prepare(
      `SELECT CAST(group_concat(line, '') AS BLOB) AS lines, count(*) AS count, max(name) AS last,
         json_group_array(json_array(id, name, inode, born)) FILTER (WHERE kind = 'directory') AS directories
       FROM (SELECT id, name, kind, inode, born, ${line} AS line FROM local WHERE parent = ? AND name > ? ORDER BY name LIMIT ? + 0)`,
    );
    this.#page.setReturnArrays(true);
  }

  /** At most `limit` rows; less only at the end. The first page comes after ''. */
  page(parent: NodeId, after: string, limit: number): LocalPage {
    const row = this.#page.get(parent, after, limit) as unknown as Row;
    const [lines, count, last, directories] = row;
    return {
      lines: lines ?? none,
      count,
      last: last ?? '',
      directories: directories === '[]' ? [] : (JSON.parse(directories) as Directory[]).map(directory),
    };
  }
}

type Row = readonly [lines: Uint8Array | null, count: number, last: string | null, directories: string];
type Directory = readonly [id: NodeId, name: string, inode: string, born: string];

function directory([id, name, inode, born]: Directory): LocalDirectory {
  return { id, name: unpackName(name), inode, born };
}

const none = new Uint8Array();
