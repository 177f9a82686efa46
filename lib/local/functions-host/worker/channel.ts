import type { LogLevel, WorkerMessage } from '../rpc.ts';
import { hooks } from './registry.ts';

/** To the host. The channel being gone means that the host is: the process ends on `disconnect`, nothing is lost here. */
export function tell(message: WorkerMessage): void {
  if (process.connected) process.send?.(message);
}

export interface LogLine {
  level: LogLevel;
  message: string;
  readonly category: 'user' | 'system';
}

/** Sends a log line to the host, after the app's own log hooks have seen (and perhaps changed) it. */
export function log(hostCategory: string, line: LogLine, invocationId?: string, invocationContext?: unknown): void {
  const context = { ...line, hookData: {}, invocationContext };
  for (const hook of hooks.log) hook(context);
  tell({ type: 'log', level: context.level, category: hostCategory, message: context.message, invocationId });
}
