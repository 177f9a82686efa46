// inotify's bytes (inotify(7)): struct inotify_event { int wd; u32 mask, cookie, len; char name[len] } in the machine's
// byte order, the name padded with NULs.
import { endianness } from 'node:os';
import { textOf } from '../../protocol/bytes.ts';

export const flag = {
  modify: 0x2,
  attrib: 0x4,
  closeWrite: 0x8,
  movedFrom: 0x40,
  movedTo: 0x80,
  create: 0x100,
  delete: 0x200,
  deleteSelf: 0x400,
  moveSelf: 0x800,
  unmount: 0x2000,
  overflow: 0x4000,
  ignored: 0x8000,
  exclUnlink: 0x400_0000,
  directory: 0x4000_0000,
} as const;

export interface InotifyEvent {
  readonly wd: number;
  readonly mask: number;
  readonly cookie: number;
  /** '' for an event of the watched directory itself. */
  readonly name: string;
}

const header = 16;
const little = endianness() === 'LE';

export function parseEvents(bytes: ArrayBuffer): readonly InotifyEvent[] {
  const view = new DataView(bytes);
  const events: InotifyEvent[] = [];
  for (let at = 0; at + header <= bytes.byteLength;) {
    const length = view.getUint32(at + 12, little);
    const padded = Buffer.from(bytes, at + header, length);
    const end = padded.indexOf(0);
    events.push({
      wd: view.getInt32(at, little),
      mask: view.getUint32(at + 4, little),
      cookie: view.getUint32(at + 8, little),
      name: textOf(end < 0 ? padded : padded.subarray(0, end)),
    });
    at += header + length;
  }
  return events;
}
