import path from 'node:path';
import type { SiteSpec } from '../local/hub/sites.ts';

/** A path inside a site's folder on this machine, or one from the group's root: as the latter, '' for the root. */
export function groupPath(given: string, sites: readonly Pick<SiteSpec, 'path'>[]): string {
  const absolute = path.resolve(given);
  for (const site of sites) {
    const below = path.relative(path.resolve(site.path), absolute);
    if (below === '' || (below !== '..' && !below.startsWith('../') && !path.isAbsolute(below))) return below;
  }
  return path.posix
    .normalize(given)
    .replace(/^\.?\/+|\/+$/g, '')
    .replace(/^\.$/, '');
}
