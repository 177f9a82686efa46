// From a Linux name to the name on the share. What Azure Files forbids becomes what the Linux cifs client's `mapposix`
// writes (SFM_* in fs/smb/client/cifs_unicode.h, the private-use range U+F001..U+F029), so a Linux mount of the share shows
// the original name; a backslash alone, which separates components on that mount, is SFM's too but stays mapped there.
// Names that cannot be told apart or back that way get `~<8 hex of the node id>` before the extension.
import { markOf } from './mark.ts';
import type { NodeId } from './node.ts';

const mapped = new Map<string, string>([
  ['"', '\uf020'],
  ['*', '\uf021'],
  [':', '\uf022'],
  ['<', '\uf023'],
  ['>', '\uf024'],
  ['?', '\uf025'],
  ['\\', '\uf026'],
  ['|', '\uf027'],
]);
const lastSpace = '\uf028';
const lastDot = '\uf029';

const device = /^(con|prn|aux|nul|clock\$|com[0-9]|lpt[0-9])(\.|$)/i;

/** The share name of a Linux name, or undefined where plain mapping is ambiguous or forbidden: then `marked` gives one. */
export function plainShareName(name: string): string | undefined {
  if (device.test(name) || name === '.' || name === '..') return undefined;
  let out = '';
  for (let i = 0; i < name.length; i++) {
    const unit = name[i] ?? '';
    const code = unit.charCodeAt(0);
    const last = i === name.length - 1;
    if (code >= 0xf000 && code <= 0xf0ff) return undefined; // already in the mapped range: could not be told back
    if (code >= 0x7f && code <= 0x9f) return undefined; // a control character that mapposix does not map
    if (code >= 0xd800 && code <= 0xdfff && !isPair(name, i)) return undefined; // a byte that is not UTF-8
    if (code < 0x20) out += String.fromCharCode(0xf000 + code);
    else if (last && unit === ' ') out += lastSpace;
    else if (last && unit === '.') out += lastDot;
    else out += mapped.get(unit) ?? unit;
  }
  return out.length > 255 ? undefined : out;
}

function isPair(name: string, at: number): boolean {
  const code = name.charCodeAt(at);
  if (code <= 0xdbff) {
    const next = name.charCodeAt(at + 1);
    return next >= 0xdc00 && next <= 0xdfff;
  }
  const before = name.charCodeAt(at - 1);
  return before >= 0xd800 && before <= 0xdbff;
}

/**
 * A share name of the node's own: every unit that cannot stand there becomes `_`, and the node's mark is added.
 * At most 255 UTF-16 units; no surrogate pair is cut. `attempt` counts up while another node has the name. Read as a Linux
 * name it is its own plain share name.
 */
export function markedShareName(name: string, id: NodeId, attempt = 0): string {
  let clean = '';
  for (let i = 0; i < name.length; i++) clean += canStand(name, i) ? (name[i] ?? '') : '_';
  const mark = `~${markOf(attempt === 0 ? id : `${id} ${attempt}`)}`;
  const split = extensionAt(clean);
  const extension = cut(clean.slice(split), maxExtension).replace(/[. ]+$/, '');
  return `${cut(clean.slice(0, split), 255 - mark.length - extension.length)}${mark}${extension}`;
}

/** Leaves room for the mark and for any device. */
const maxExtension = 240;

function extensionAt(name: string): number {
  // A device is one up to the first dot, whatever follows: the mark has to stand before that.
  if (device.test(name)) return name.includes('.') ? name.indexOf('.') : name.length;
  const dot = name.lastIndexOf('.');
  // An extension that leaves no room for a name is none.
  return dot > 0 && name.length - dot < 128 ? dot : name.length;
}

function canStand(name: string, at: number): boolean {
  const unit = name[at] ?? '';
  const code = unit.charCodeAt(0);
  if (code >= 0xd800 && code <= 0xdfff) return isPair(name, at);
  if (code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0xf000 && code <= 0xf0ff)) return false;
  return !mapped.has(unit);
}

function cut(text: string, length: number): string {
  const short = text.slice(0, length);
  return short.length < text.length && /[\ud800-\udbff]$/.test(short) ? short.slice(0, -1) : short;
}

/**
 * What a Linux mount would show for a share name that nobody of ours made: the inverse of plain mapping. What it would show as
 * `.` or `..` keeps the share's own spelling, for no file can have those names.
 */
export function linuxName(share: string): string {
  const name = toldBack(share);
  return name === '.' || name === '..' ? share : name;
}

function toldBack(share: string): string {
  let out = '';
  for (let i = 0; i < share.length; i++) {
    const unit = share[i] ?? '';
    const code = unit.charCodeAt(0);
    if (code > 0xf000 && code < 0xf020) out += String.fromCharCode(code - 0xf000);
    else if (unit === lastSpace) out += ' ';
    else if (unit === lastDot) out += '.';
    else out += unmapped.get(unit) ?? unit;
  }
  return out;
}

const unmapped = new Map<string, string>([...mapped].map(([linux, share]) => [share, linux]));
