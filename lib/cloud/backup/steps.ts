// The steps of a backup: plain, and each may be done twice. Of the share and the namespace they only read.
import type { Cloud } from '../group.ts';
import { changeState } from './book.ts';
import type { BackupRun, StepInputs } from './flow.ts';
import { order } from './order.ts';
import { prune, type Pruned } from './prune.ts';
import { orderKey, orderRow, type ClosedOrder } from './rows.ts';

const lookEveryMs = 200;
const lookForMs = 10_000;

export const backupSteps = {
  prune: (cloud: Cloud, { group, run, part }: StepInputs['prune']): Promise<Pruned> =>
    prune(cloud, group, `${run}-${part}`),

  order: async (cloud: Cloud, { group, run, dueAt }: BackupRun): Promise<string> => {
    const name = `${run}-snapshot`;
    await order(cloud, group, new Map([[name, { kind: 'snapshot', dueAt }]]));
    return name;
  },

  outcomes: async (
    cloud: Cloud,
    { group, names }: StepInputs['outcomes'],
  ): Promise<readonly (ClosedOrder | null)[]> => {
    for (const until = cloud.clock.monotonic() + lookForMs; ; await cloud.clock.sleep(lookEveryMs)) {
      const rows = await Promise.all(names.map((name) => cloud.table.get(group, orderKey(name))));
      const closed = rows.map((row) => (row === undefined ? null : (orderRow.parse(row.value).closed ?? null)));
      if (closed.every((each) => each !== null) || cloud.clock.monotonic() >= until) return closed;
    }
  },

  record: async (cloud: Cloud, { group, result }: StepInputs['record']): Promise<null> => {
    const { run, snapshot, dropped, problems } = result;
    await changeState(cloud, group, ({ running, last, ...rest }) => ({
      ...rest,
      ...(running === undefined || running.run === run ? {} : { running }),
      last:
        last?.run === run
          ? last
          : {
              run,
              endedAt: cloud.clock.now(),
              ...(snapshot === undefined ? {} : { snapshot }),
              dropped: [...dropped],
              problems: [...problems],
            },
    }));
    return null;
  },
} as const;
