// The shapes that host and worker exchange. The data types are those of the Functions RPC protocol as the library
// `@azure/functions` sees them (its src/converters are the source); the messages around them are ours.

export interface TypedData {
  readonly string?: string | undefined;
  readonly json?: string | undefined;
  readonly bytes?: Uint8Array | undefined;
  readonly int?: number | undefined;
  readonly double?: number | undefined;
  readonly http?: HttpData | undefined;
  readonly collectionString?: { readonly string: readonly string[] } | undefined;
  readonly collectionBytes?: { readonly bytes: readonly Uint8Array[] } | undefined;
  readonly collectionSint64?: { readonly sint64: readonly Int64[] } | undefined;
}

/** A 64-bit integer as the worker's protobuf library shows it. */
export interface Int64 {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}

export type Nullable<T> = Readonly<Record<string, { readonly value: T }>>;

export interface HttpData {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly statusCode?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly nullableHeaders?: Nullable<string> | undefined;
  readonly nullableQuery?: Nullable<string> | undefined;
  readonly nullableParams?: Nullable<string> | undefined;
  readonly cookies?: readonly HttpCookie[] | undefined;
  readonly body?: TypedData | null | undefined;
}

export interface HttpCookie {
  readonly name: string;
  readonly value: string;
  readonly domain?: { readonly value: string } | undefined;
  readonly path?: { readonly value: string } | undefined;
  readonly expires?: { readonly value: { readonly seconds: number } } | undefined;
  readonly secure?: { readonly value: boolean } | undefined;
  readonly httpOnly?: { readonly value: boolean } | undefined;
  readonly sameSite?: 'none' | 'lax' | 'strict' | 'explicitNone' | undefined;
  readonly maxAge?: { readonly value: number } | undefined;
}

export interface Binding {
  readonly type: string;
  readonly direction?: string | undefined;
  readonly dataType?: string | undefined;
  readonly [option: string]: unknown;
}

/** Durations in whole seconds: the library rounds. */
export interface RetryOptions {
  readonly retryStrategy: string;
  readonly maxRetryCount: number;
  readonly delayInterval?: { readonly seconds: number } | undefined;
  readonly minimumInterval?: { readonly seconds: number } | undefined;
  readonly maximumInterval?: { readonly seconds: number } | undefined;
}

/** What the app registered: bindings by name, the trigger being the one whose type ends in `Trigger`. */
export interface FunctionMetadata {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Binding>>;
  readonly retryOptions?: RetryOptions | undefined;
}

export interface NamedData {
  readonly name: string;
  readonly data: TypedData;
}

export interface RpcException {
  readonly message: string;
  readonly stackTrace: string;
  readonly source: string;
}

export interface RetryContext {
  readonly retryCount: number;
  readonly maxRetryCount: number;
  readonly exception?: (RpcException & { readonly isUserException: boolean }) | undefined;
}

export interface InvocationRequest {
  readonly invocationId: string;
  readonly functionId: string;
  readonly inputData: readonly NamedData[];
  readonly triggerMetadata: Readonly<Record<string, TypedData>>;
  readonly traceContext: { readonly traceParent: string; readonly traceState: string };
  readonly retryContext?: RetryContext | undefined;
}

export interface InvocationResponse {
  readonly returnValue?: TypedData | null | undefined;
  readonly outputData: readonly NamedData[];
}

export type LogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical' | 'none';

export type HostMessage =
  | { readonly type: 'start'; readonly dir: string; readonly entries: readonly string[] }
  | { readonly type: 'invoke'; readonly request: InvocationRequest }
  | { readonly type: 'terminate' };

export type WorkerMessage =
  | { readonly type: 'started'; readonly functions: readonly FunctionMetadata[] }
  | { readonly type: 'unstartable'; readonly exception: RpcException }
  | { readonly type: 'terminated' }
  | { readonly type: 'succeeded'; readonly invocationId: string; readonly response: InvocationResponse }
  | { readonly type: 'failed'; readonly invocationId: string; readonly exception: RpcException }
  | {
      readonly type: 'log';
      readonly level: LogLevel;
      readonly category: string;
      readonly message: string;
      readonly invocationId?: string | undefined;
    };
