// What the extension says when something fails, as it says it: users read these texts, and code compares them.
import type { RpcException } from '../functions-host/rpc.ts';
import { z } from 'zod';
import type { Failure, FailureDetails } from './history.ts';

export type FunctionKind = 'activity' | 'orchestrator' | 'entity';

export function unknownFunction(kind: FunctionKind, name: string, known: readonly string[]): string {
  const list = known.map((one) => `'${one}'`).join(', ');
  return (
    `The function '${name}' doesn't exist, is disabled, or is not an ${kind} function. ` +
    `Additional info: ${known.length === 0 ? `No ${kind} functions are currently registered!` : `The following are the known ${kind} functions: ${list}.`}`
  );
}

export function orchestratorFailed(name: string, error: string): string {
  return `Orchestrator function '${name}' failed: ${error}`;
}

export const tooManyActions = (most: number): string =>
  `Maximum amount of orchestration actions (${most}) has been reached. This value can be configured in host.json file as MaxOrchestrationActions.`;

/** Of an orchestration whose version is not taken here, where host.json has it fail. */
export const versionMismatch: FailureDetails = {
  ErrorType: 'VersionMismatch',
  ErrorMessage: 'Orchestration version did not comply with Worker Versioning',
  StackTrace: null,
  InnerFailure: null,
  IsNonRetriable: true,
  Properties: null,
};

/** And where it stays as it is. */
export function leftToOthers(id: string, version: string | null, own: string | null): string {
  const [theirs, ours] = [version, own].map((one) => (one === null || one === '' ? 'none' : `'${one}'`));
  return `${id} is left as it is: its version (${theirs}) is not taken here, by versionMatchStrategy and defaultVersion (${ours}) of host.json.`;
}

const customStatusLimit = 16;

/** What is wrong with a custom status (JSON text), if anything. */
export function customStatusTooLarge(json: string | null | undefined): string | undefined {
  const kilobytes = ((json ?? '').length * 2) / 1024;
  if (kilobytes <= customStatusLimit) return undefined;
  return `The UTF-16 size of the JSON-serialized payload must not exceed ${customStatusLimit} KB. The current payload size is ${Math.floor(kilobytes)} KB.`;
}

/** A failed activity, as its orchestrator sees it: two spaces, and an exception of .NET in the details. */
export function activityFailed(name: string, exception: RpcException): Failure {
  const { message, stackTrace } = exception;
  const details = describedByApp(message);
  if (details !== undefined)
    return {
      reason: `Activity function '${name}' failed:  ${details.ErrorMessage}`,
      details: details.StackTrace ?? '',
      failure: details,
    };
  if (exception.source === 'node')
    return { reason: `Activity function '${name}' failed: ${message}`, details: crashed(message), failure: null };
  const outer = {
    ...dotnet('System.Exception, System.Private.CoreLib', ` ${message}`),
    InnerException: {
      $type: 'Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException, Microsoft.Azure.WebJobs.Script',
      IsUserException: false,
      RemoteStackTrace: stackTrace,
      RemoteMessage: message,
      RemoteTypeName: null,
      Message: `Result: Failure\nException: ${message}\nStack: ${stackTrace}`,
      Data: {},
      InnerException: null,
    },
  };
  return {
    reason: `Activity function '${name}' failed:  ${message}`,
    details: JSON.stringify(outer),
    failure: null,
  };
}

/** An app may have the library describe its exceptions (setExceptionPropertiesProvider): then the text of one is JSON. */
function describedByApp(message: string): FailureDetails | undefined {
  const parsed = described.safeParse(jsonOf(message));
  if (!parsed.success) return undefined;
  const { errorType, errorMessage, stackTrace, isNonRetriable, properties } = parsed.data;
  return {
    ErrorType: errorType,
    ErrorMessage: errorMessage,
    StackTrace: stackTrace ?? null,
    InnerFailure: null,
    IsNonRetriable: isNonRetriable,
    Properties: properties ?? null,
  };
}

function jsonOf(text: string): unknown {
  if (!text.startsWith('{"errorType":')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Words of the app that only begin like a description.
    return undefined;
  }
}

const described = z.object({
  errorType: z.string(),
  errorMessage: z.string(),
  stackTrace: z.string().optional(),
  isNonRetriable: z.boolean(),
  properties: z.record(z.string(), z.unknown()).optional(),
});

function crashed(message: string): string {
  const type = 'Microsoft.Azure.WebJobs.Script.Workers.WorkerProcessExitException, Microsoft.Azure.WebJobs.Script';
  return JSON.stringify(dotnet(type, message));
}

export function dotnet(type: string, message: string): Record<string, unknown> {
  return { $type: type, ClassName: type.split(',')[0], Message: message, Data: null, InnerException: null };
}
