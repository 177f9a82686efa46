// The part of the official client that the listeners consume. ServiceBusReceiver and ServiceBusSessionReceiver have this
// shape; unit tests bring their own.
import type { ServiceBusReceivedMessage } from '@azure/service-bus';

export type Message = ServiceBusReceivedMessage;

export interface Receiver {
  subscribe(
    handlers: {
      processMessage(message: Message): Promise<void>;
      processError(args: { readonly error: Error }): Promise<void>;
    },
    options: { readonly maxConcurrentCalls?: number; readonly autoCompleteMessages?: boolean },
  ): { close(): Promise<void> };
  receiveMessages(most: number, options: ReceiveOptions): Promise<Message[]>;
  completeMessage(message: Message): Promise<void>;
  abandonMessage(message: Message): Promise<void>;
  close(): Promise<void>;
}

export interface ReceiveOptions {
  readonly maxWaitTimeInMs: number;
  readonly abortSignal?: AbortSignal;
  /** Not in the client's types, but the only way to have a batch sooner than one second after its first message. */
  readonly maxTimeAfterFirstMessageInMs?: number;
}

export interface SessionReceiver extends Receiver {
  readonly sessionId: string;
  readonly sessionLockedUntilUtc: Date;
  renewSessionLock(): Promise<Date>;
}

/** Where a trigger takes its messages from. */
export interface Source {
  /** Locks of messages are renewed for `renewMs` while their handler runs. */
  receiver(renewMs: number): Receiver;
  /** Waits for a session that has messages and no owner. Rejects with `ServiceTimeout` when there is none for a while. */
  nextSession(): Promise<SessionReceiver>;
  /** Gives up the connection for a new one: sessions on the old one are lost. */
  reconnect(): void;
  /** Ends waiting for a session, and all receivers. */
  close(): Promise<void>;
}
