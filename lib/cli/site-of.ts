import path from 'node:path';
import type { SiteSpec } from '../local/hub/sites.ts';

/** The name of the site that is meant: by its name, or by any path in its folder. What is neither is answered as it is. */
export function siteOf(given: string, sites: readonly SiteSpec[]): string {
  if (sites.some(({ name }) => name === given)) return given;
  const absolute = path.resolve(given);
  const holds = (site: SiteSpec): boolean => {
    const below = path.relative(path.resolve(site.path), absolute);
    return below === '' || (below !== '..' && !below.startsWith('../') && !path.isAbsolute(below));
  };
  return sites.find(holds)?.name ?? given;
}
