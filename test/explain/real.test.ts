// Rounds of the long end-to-end run in which so much was open that the search did not end once.
import { expect, test } from '@jest/globals';
import type { Event, Value } from './event.ts';
import { explain } from './explain.ts';

/** `0:a>b` writes b over a at site 0, `0:a>-` removes it, `0=a` reads it; `share>a` writes on the share, `share?a` perhaps. */
function round(before: string, acts: string, value: Value, copies: string): readonly Event[] {
  const begin: readonly Event[] = [
    { kind: 'write', site: 0, value: before, saw: null, time: 0 },
    { kind: 'rest', value: before, copies: [] },
    ...[0, 1, 2].map((site): Event => ({ kind: 'killed', site })),
  ];
  return [...begin, ...acts.split(' ').map(parse), { kind: 'rest', value, copies: copies.split(' ') }];
}

function parse(act: string, index: number): Event {
  const [, place = '', saw = '', how = '', value = ''] = /^(share|\d)(?::(\w+|-))?([>=?])(\w+|-)$/.exec(act) ?? [];
  const time = index + 1;
  if (place === 'share') return { kind: 'share', value, time, ...(how === '?' ? { unsure: true } : {}) };
  const site = Number(place);
  if (how === '=') return { kind: 'read', site, value: orNothing(value) };
  return value === '-' ? { kind: 'remove', site, saw } : { kind: 'write', site, saw: orNothing(saw), value, time };
}

function orNothing(value: string): Value {
  return value === '-' ? null : value;
}

test.each([
  [
    'one site far behind the others',
    round(
      'a',
      '0:a>b 2:b>c share>d 0:c>e share>f 1:f>g 2:g>h 0:e>i 2:h>j 2:j>k 2:k>l share?m 1:k>n 2:l>o 1:n>p 1=p share>q ' +
        '2:o>r 0:k>s 1=s 0:s>t 0:t>u 0:u>v 0:v>w',
      'w',
      'q i p h r',
    ),
    1_000,
  ],
  [
    'a name that is gone in the end, and six copies of what it held',
    round(
      'a',
      '0:a>b 1:b>c 0:b>d 1:c>e 0=d 0:d>- 1:e>f 1:f>g share>h 2=f 0:f>i 2:g>j 0:i>k 0=k 0=k 1:g>l 2:j>- 2=- 1:l>m ' +
        '2=- 0=k 1:m>- 1=- 2=-',
      null,
      'h d i k g j',
    ),
    3_000,
  ],
])(
  '%s',
  (_name, events, atMost) => {
    const { kind, tried } = explain(events, 3, { oneClock: true });
    expect({ kind, isSoon: tried < atMost }).toEqual({ kind: 'explained', isSoon: true });
  },
  120_000,
);
