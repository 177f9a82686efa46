// `<name>-<server>[-n].<ext>`: a pure function of path, loser's server and attempt, so a retry never makes a second copy (I4).

const maxBytes = 255;

/** `attempt` 0 gives no number, 1 gives `-1` and so on. The result keeps within 255 bytes by shortening the stem. */
export function conflictName(name: string, server: string, attempt: number): string {
  const dot = name.lastIndexOf('.');
  const stem = dot > 0 ? name.slice(0, dot) : name;
  const extension = dot > 0 ? name.slice(dot) : '';
  const tail = `-${server}${attempt === 0 ? '' : `-${attempt}`}`;
  let kept = Array.from(stem);
  while (kept.length > 1 && utf8Length(kept.join('') + tail + extension) > maxBytes) kept = kept.slice(0, -1);
  return kept.join('') + tail + extension;
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
