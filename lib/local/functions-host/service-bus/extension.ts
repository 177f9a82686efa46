import type { Extension, HostContext, Listener } from '../extension.ts';
import { type FunctionDefinition, textOption } from '../function-definition.ts';
import { BatchListener, serveBatches } from './batches.ts';
import { connectionOf } from './connection.ts';
import { MessagesListener } from './messages-listener.ts';
import { OutputSender } from './sender.ts';
import { serveSession } from './serve-session.ts';
import { SessionsListener } from './sessions-listener.ts';
import { openSource } from './source.ts';
import { Trigger, entityOf } from './trigger.ts';

export function serviceBusExtension(host: HostContext): Extension {
  const sender = new OutputSender(host.settings);
  return {
    name: 'servicebus',
    triggers: ['servicebustrigger'],
    bindings: ['servicebus'],
    listen: (definition) => listener(definition, host),
    output: (binding, data) => sender.send(binding, data),
    stop: () => sender.close(),
  };
}

function listener(definition: FunctionDefinition, host: HostContext): Listener {
  const { trigger } = definition;
  const connect = connectionOf(host.settings, textOption(trigger, 'connection'));
  const listening = new Trigger(definition, openSource(connect, entityOf(definition)), host);
  const many = trigger['cardinality'] === 'many';
  const sessions = trigger['isSessionsEnabled'] === true;
  const { maxConcurrentSessions } = host.hostSettings.serviceBus;
  // Batches of sessions are taken one session at a time.
  if (sessions && many) return new SessionsListener(listening, 1, serveBatches);
  if (sessions) return new SessionsListener(listening, maxConcurrentSessions, serveSession);
  return many ? new BatchListener(listening) : new MessagesListener(listening);
}
