// What befalls a site from outside. Each answers whether it could.
import type { Run } from './run.ts';
import type { Site } from './site.ts';
import type { Deed } from './step.ts';

export function blowsAt(
  { clock, trace }: Run,
  site: Site,
  ms: number,
): Readonly<Partial<Record<Deed['do'], () => boolean>>> {
  const restarted = (end: () => void): boolean => {
    end();
    clock.after(ms, () => void site.start());
    return true;
  };
  const forgets = (lose: () => void): boolean => {
    // Of a disk that is away a new state knows nothing: it would take the bare directory for the site.
    if (!site.mounted) return false;
    return restarted(() => {
      site.kill(true);
      lose();
    });
  };
  const fills = (which: 'full' | 'stateFull'): boolean => {
    trace.add(site.name, which === 'full' ? 'disk full' : 'disk of the state full');
    site[which] = true;
    site.needsHelp = true;
    clock.after(ms, () => {
      site[which] = false;
      site.help();
    });
    return true;
  };
  return {
    kill: () => restarted(() => site.kill(true)),
    'power off': () => restarted(() => site.kill(false)),
    'lose state': () => forgets(() => site.loseState()),
    'restore state': () => forgets(() => site.restoreState(ms)),
    'disk full': () => fills('full'),
    'state full': () => fills('stateFull'),
    'no network': () => {
      trace.add(site.name, 'has no network');
      site.line.offline = true;
      clock.after(ms, () => (site.line.offline = false));
      return true;
    },
    unmount: () => {
      if (!site.mounted || !site.marked) return false;
      site.unmount(ms);
      return true;
    },
    'set clock': () => {
      trace.add(site.name, `sets its clock by ${ms} ms`);
      site.skew += ms;
      return true;
    },
  };
}
