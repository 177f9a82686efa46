// What the backend holds back, as a halt of this endpoint.
import type { Head } from '../backend.ts';
import type { Halt } from './halt.ts';

/** Halts that the backend has laid on, and only the backend can lift. */
const codes: ReadonlySet<string> = new Set(['mass_change', 'share_restored', 'share_replaced', 'rebuilding']);

export function isHeld(halt: Halt | undefined): boolean {
  return halt !== undefined && codes.has(halt.code);
}

export function heldBy({ held, stopped }: Pick<Head, 'held' | 'stopped'>): Halt | undefined {
  if (stopped !== undefined) return { code: stopped.code, message: stoppedMessages[stopped.code] };
  if (held === undefined) return undefined;
  const of = held.files === 0 ? '' : ` of ${held.files}`;
  return {
    code: held.code,
    message:
      `This site has changed or deleted ${held.changed}${of} files within a short time, as ransomware or a wrong command does. ` +
      'What came after is not committed, and no other site gets it. If it is meant, resume: all of it goes on. If not, stop ' +
      'what does it first; `tideway versions` and `tideway undelete` bring back what was committed before.',
  };
}

const stoppedMessages = {
  share_restored:
    'The share is not as new as the backend knows it: it was restored from a snapshot, or failed over. Nothing is committed ' +
    'and nothing applied at any site: put the newer share back, then resume. To go on with the share as it is: tideway group rebuild.',
  share_replaced:
    'The share is not the one that this group was made on, or its .tideway is gone. Nothing is committed and nothing applied ' +
    'at any site: put the right share back, then resume. To go on with this one: tideway group rebuild.',
  rebuilding:
    'The group is being made anew from its share. When `tideway group rebuild` is through, resume merges both sides.',
} as const;
