// What people did to one name at several sites, and what they saw there: all that is known of a system from outside.

/** A content that was written once; null: nothing has the name. */
export type Value = string | null;

export type Event =
  | { readonly kind: 'read'; readonly site: number; readonly value: Value }
  /** `saw` is what the write took the place of; `time` is the mtime of what was written, in any unit. */
  | {
      readonly kind: 'write';
      readonly site: number;
      readonly saw: Value;
      readonly value: string;
      readonly time: number;
    }
  | { readonly kind: 'remove'; readonly site: number; readonly saw: string }
  /** Written on the share itself, over whatever was there: nothing keeps that. */
  | {
      readonly kind: 'share';
      readonly value: string;
      readonly time: number;
      /** Nobody answered whether it was done. */
      readonly unsure?: boolean;
    }
  /** At some moment before the next rest the site's agent is killed. */
  | { readonly kind: 'killed'; readonly site: number }
  | Rest;

/** Everything is in sync: what the name holds at every site, and its conflict copies. */
export interface Rest {
  readonly kind: 'rest';
  readonly value: Value;
  readonly copies: readonly string[];
}

export function tell(event: Event): string {
  if (event.kind === 'rest') return `at rest: ${event.value ?? 'nothing'}, copies: ${event.copies.join(' ') || 'none'}`;
  if (event.kind === 'share') return `the share gets ${event.value}${event.unsure === true ? ', or not' : ''}`;
  const at = `site ${event.site}`;
  if (event.kind === 'killed') return `${at} has its agent killed`;
  if (event.kind === 'read') return `${at} reads ${event.value ?? 'nothing'}`;
  if (event.kind === 'remove') return `${at} removes ${event.saw}`;
  return `${at} writes ${event.value} over ${event.saw ?? 'nothing'}`;
}
