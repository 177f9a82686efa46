// `<name>-<server>[-n].<ext>`: a pure function of path, loser's server and attempt, so a retry never makes a second copy (I4).

const maxBytes = 255;
const maxPointBytes = 4;

/**
 * `attempt` 0 gives no number, 1 gives `-1` and so on. The result keeps within 255 bytes by shortening the stem, of which
 * at least one character stays; an extension that leaves no room for that is none.
 */
export function conflictName(name: string, server: string, attempt: number): string {
  const tail = `-${server}${attempt === 0 ? '' : `-${attempt}`}`;
  const dot = name.lastIndexOf('.');
  const fixed = utf8Length(tail) + (dot > 0 ? utf8Length(name.slice(dot)) : 0);
  const split = dot > 0 && fixed + maxPointBytes <= maxBytes ? dot : name.length;
  const extension = name.slice(split);
  const stem = Array.from(name.slice(0, split));
  let bytes = utf8Length(name) + utf8Length(tail);
  while (bytes > maxBytes) bytes -= utf8Length(stem.pop() ?? '');
  return stem.join('') + tail + extension;
}

/** Bytes of a name on Linux: a lone surrogate stands for one byte (see the site's file system). */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (const point of text) {
    const code = point.codePointAt(0) ?? 0;
    if (code < 0x80 || (code >= 0xdc80 && code <= 0xdcff)) bytes += 1;
    else if (code < 0x800) bytes += 2;
    else if (code < 0x10000) bytes += 3;
    else bytes += 4;
  }
  return bytes;
}
