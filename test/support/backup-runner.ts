// Carries out backups as Durable Functions does, replay included: after every answer the flow begins anew and gets the old
// answers again, each step may be done twice, and is done again where its instance was killed.
import {
  backupFlow,
  type BackupResult,
  type BackupRun,
  type Steps,
  type StepInputs,
} from '../../lib/cloud/backup/flow.ts';
import { startBackups } from '../../lib/cloud/backup/start.ts';
import { backupSteps } from '../../lib/cloud/backup/steps.ts';
import type { Cloud } from '../../lib/cloud/group.ts';
import type { CloudWorld } from './cloud-world.ts';
import { spared, type Fate } from './life.ts';

type Asked =
  | { readonly [K in keyof StepInputs]: { readonly step: K; readonly input: StepInputs[K] } }[keyof StepInputs]
  | { readonly until: number };

export interface Unkind {
  /** By the number of the step: what meets its first attempt. */
  fate?(step: number): Fate;
  /** By the number of the step: whether its answer is lost, and it is done again. */
  twice?(step: number): boolean;
}

export class BackupRunner {
  readonly #world: CloudWorld;
  readonly #unkind: Unkind;
  /** Every step that was asked for, in order. */
  readonly asked: Asked[] = [];

  constructor(world: CloudWorld, unkind: Unkind = {}) {
    this.#world = world;
    this.#unkind = unkind;
  }

  /** As the timer does: begins what is due, and brings it to its end. Answers the results. */
  async tick(): Promise<readonly BackupResult[]> {
    const started: BackupRun[] = [];
    await startBackups(this.#world.committer().cloud, (run, again) => {
      if (!again) started.push(run);
      return Promise.resolve();
    });
    const results: BackupResult[] = [];
    for (const run of started) results.push(await this.run(run));
    return results;
  }

  async run(run: BackupRun): Promise<BackupResult> {
    const history: { readonly at: number; readonly answer: unknown }[] = [];
    for (;;) {
      const { asked, result } = replay(run, history, this.#world.clock.now());
      if (result !== undefined) return result;
      this.asked.push(asked);
      const answer = 'until' in asked ? await this.#sleep(asked.until) : await this.#do(asked);
      history.push({ at: this.#world.clock.now(), answer: JSON.parse(JSON.stringify(answer ?? null)) });
    }
  }

  async #sleep(until: number): Promise<void> {
    // Timers of Durable Functions may come a second early.
    await this.#world.clock.sleep(Math.max(0, until - this.#world.clock.now() - 1000));
  }

  async #do(asked: Exclude<Asked, { until: number }>): Promise<unknown> {
    await this.#world.drain();
    const index = this.asked.length - 1;
    const first = this.#world.committer(this.#unkind.fate?.(index) ?? spared);
    try {
      const answer = await first.life.run(() => done(first.cloud, asked));
      if (this.#unkind.twice?.(index) !== true) return answer;
    } catch {
      // Killed or refused: it is done again, as an activity with retries is.
    }
    await this.#world.drain();
    return done(this.#world.committer().cloud, asked);
  }
}

function done(cloud: Cloud, asked: Exclude<Asked, { until: number }>): Promise<unknown> {
  switch (asked.step) {
    case 'prune':
      return backupSteps.prune(cloud, asked.input);
    case 'order':
      return backupSteps.order(cloud, asked.input);
    case 'outcomes':
      return backupSteps.outcomes(cloud, asked.input);
    case 'record':
      return backupSteps.record(cloud, asked.input);
  }
}

/** From the first step on, with the clock as it was each time. What it asks next, or what came of it. */
function replay(
  run: BackupRun,
  history: readonly { readonly at: number; readonly answer: unknown }[],
  startedAt: number,
):
  | { readonly asked: Asked; readonly result?: undefined }
  | { readonly asked?: undefined; readonly result: BackupResult } {
  let now = history[0]?.at ?? startedAt;
  const steps: Steps<Asked> = {
    call: (step, input) => JSON.parse(JSON.stringify({ step, input })) as Asked,
    waitUntil: (until) => ({ until }),
    now: () => now,
  };
  const flow = backupFlow(run, steps);
  let turn = flow.next();
  for (const { at, answer } of history) {
    now = at;
    turn = flow.next(answer);
  }
  return turn.done === true ? { result: turn.value } : { asked: turn.value };
}
