import { stagingRoot } from '../../protocol/layout.ts';
import type { Cloud } from '../group.ts';
import { intentRow } from '../plan.ts';
import { inParallel } from '../../base/pool.ts';
import type { Share } from '../ports.ts';
import { after, parkedRow } from '../rows.ts';
import { removeIfPossible } from './remove.ts';

/** Removes staged files that no open intent and no parked operation names, at an age at which no message speaks of them. */
export async function collectStaging(cloud: Cloud, group: string, share: Share): Promise<void> {
  const wanted = await wantedSlots(cloud, group);
  let left = cloud.settings.collectStep;
  for (const endpoint of (await share.list(stagingRoot, '')) ?? []) {
    if (endpoint.kind !== 'directory' || left <= 0) continue;
    const dir = `${stagingRoot}/${endpoint.name}`;
    const old = ((await share.list(dir, '')) ?? [])
      .filter((entry) => entry.kind === 'file' && !wanted.has(entry.name.replace(/\.b$/, '')))
      .filter((entry) => cloud.clock.now() - entry.changedAt > cloud.settings.stagingAgeMs)
      .slice(0, left);
    left -= old.length;
    await inParallel(old, 8, (entry) => removeIfPossible(share, `${dir}/${entry.name}`, 'file'));
  }
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
