// What a handler gets: the request, read and authenticated, and the parts of the service it may use.
import type { Grant } from './grant.ts';
import type { Metadata } from './reply.ts';
import type { TableStore } from './store.ts';
import type { Sweeper } from './sweep.ts';
import type { Address } from './target.ts';
import type { Counters, Writer } from './writer.ts';

export interface Call {
  readonly method: string;
  readonly address: Address;
  readonly grant: Grant;
  readonly body: string;
  readonly metadata: Metadata;
  /** A request header by its lower-case name. */
  readonly header: (name: string) => string | undefined;
}

export interface Service {
  /** http://host:port/account */
  readonly url: string;
  readonly account: string;
  /** By the account's key. */
  readonly sign: (text: string) => string;
  readonly store: TableStore;
  readonly writer: Writer;
  readonly sweeper: Sweeper;
  readonly counters: Counters;
}
