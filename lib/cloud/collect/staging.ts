import { stagingRoot } from '../../protocol/layout.ts';
import type { Cloud } from '../group.ts';
import { intentRow } from '../commit/plan.ts';
import { inParallel } from '../../base/pool.ts';
import type { Share } from '../ports.ts';
import { after, parkedRow } from '../rows.ts';
import { removeIfPossible } from './remove.ts';

export interface Staged {
  /** Paths of what may go. */
  readonly old: readonly string[];
  /** When the next of the others is old, ms since 1970; 0 where not all were looked at. */
  readonly nextAt: number;
}

/**
 * Removes staged files that no open intent and no parked operation names, at an age at which no message speaks of them.
 * Answers what is left.
 */
export async function collectStaging(cloud: Cloud, group: string, share: Share): Promise<Staged> {
  const { old, nextAt } = await lookAtStaging(cloud, group, share, cloud.clock.now());
  const left = old.slice(cloud.settings.collectStep);
  await inParallel(old.slice(0, cloud.settings.collectStep), 8, async (path) => {
    if (!(await removeIfPossible(share, path, 'file'))) left.push(path);
  });
  return { old: left, nextAt };
}

/** As old as it is at `now`, ms since 1970. */
export async function lookAtStaging(cloud: Cloud, group: string, share: Share, now: number): Promise<Staged> {
  const wanted = await wantedSlots(cloud, group);
  const old: string[] = [];
  let nextAt = Infinity;
  for (const endpoint of (await share.list(stagingRoot, '')) ?? []) {
    if (endpoint.kind !== 'directory') continue;
    if (old.length >= cloud.settings.collectStep) return { old, nextAt: 0 };
    const dir = `${stagingRoot}/${endpoint.name}`;
    for (const { kind, name, changedAt } of (await share.list(dir, '')) ?? []) {
      if (kind !== 'file' || wanted.has(name.replace(/\.b$/, ''))) continue;
      if (now - changedAt > cloud.settings.stagingAgeMs) old.push(`${dir}/${name}`);
      else nextAt = Math.min(nextAt, changedAt + cloud.settings.stagingAgeMs + 1);
    }
  }
  return { old, nextAt };
}

async function wantedSlots(cloud: Cloud, group: string): Promise<ReadonlySet<string>> {
  const [intents, parked] = await Promise.all([
    cloud.table.range(group, 'intent|', after('intent|'), 10),
    cloud.table.range(group, 'parked|', after('parked|'), 1000),
  ]);
  const slots = new Set<string>();
  for (const row of intents)
    for (const planned of intentRow.parse(row.value).operations)
      for (const step of planned.steps) if (step.do === 'place') slots.add(step.tag);
  for (const row of parked) {
    const { operation } = parkedRow.parse(row.value);
    if ('content' in operation) slots.add(operation.content.slot);
  }
  return slots;
}
