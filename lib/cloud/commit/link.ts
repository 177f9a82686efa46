import { linkSize, linkTarget } from '../../protocol/link.ts';
import { readOnce } from '../hash.ts';
import type { Share, ShareProperties } from '../ports.ts';

/** What a file on the share is to the sites; `unreadable` where that cannot be told at the moment. */
export type Read = { readonly kind: 'file' } | { readonly kind: 'link'; readonly target: string } | 'unreadable';

const file: Read = { kind: 'file' };

/** Read only where the size is that of a link: a symbolic link that a Linux client made on its mount of the share. */
export async function readKind(share: Share, path: string, there: ShareProperties): Promise<Read> {
  if (there.kind !== 'file' || there.size !== linkSize) return file;
  const bytes = await readOnce(share, path, there.etag, 0, linkSize);
  if (bytes === undefined) return 'unreadable';
  const target = linkTarget(bytes);
  return target === undefined ? file : { kind: 'link', target };
}
