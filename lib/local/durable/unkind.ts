// Azure's own bad manners, as they were observed of it without any fault: timers fire up to a second early and many seconds
// late, an activity fails because another function ended the process, and one runs again minutes after it had run.
import type { Rule } from '../faults.ts';

/** Rules for the faults of the Functions host. `scale` is that of its waits: 0.01 makes 15 s to 150 ms. */
export function unkindness(scale: number): Rule[] {
  const always = { times: Infinity };
  const timer = (ms: number, chance: number): Rule => ({
    match: /^TIMER /,
    fault: { kind: 'delay', ms: ms * scale },
    chance,
    ...always,
  });
  const activity = (when: 'before' | 'after', chance: number): Rule => ({
    match: /^ACTIVITY /,
    fault: { kind: 'drop', when },
    chance,
    ...always,
  });
  return [timer(-1_000, 0.3), timer(5_000, 0.2), timer(15_000, 0.1), activity('before', 0.1), activity('after', 0.1)];
}
