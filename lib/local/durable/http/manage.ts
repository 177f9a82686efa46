// POST instances/{id}/{operation}, DELETE instances/{id}: what is allowed when, and what is said otherwise.
import { type HttpAnswer, type HttpRequest, jsonAnswer } from '../../functions-host/http/message.ts';
import type { Refusal } from '../client.ts';
import { type Status, hasEnded } from '../store.ts';
import { failed, isJson, jsonBody, quoted, wentWrong } from './answers.ts';
import type { Api } from './api.ts';
import { isOn } from './status.ts';
import { accepted } from './start.ts';

type Operation = (id: string, request: HttpRequest, api: Api) => Promise<HttpAnswer>;

export const operations: Readonly<Record<string, Operation>> = {
  async terminate(id, { query }, { durable }) {
    return told(await durable.client.terminate(id, query['reason'] ?? ''), () => ({ status: 410 }));
  },

  async suspend(id, { query }, { durable }) {
    const refused = (status: Status): HttpAnswer =>
      wentWrong(`Cannot suspend the orchestration instance ${id} because instance is in the ${status} state.`);
    return told(await durable.client.suspend(id, query['reason'] ?? null), refused);
  },

  async resume(id, { query }, { durable }) {
    const refused = (status: Status): HttpAnswer =>
      wentWrong(`Cannot resume the orchestration instance ${id} because instance is in the ${status} state.`);
    return told(await durable.client.resume(id, query['reason'] ?? null), refused);
  },

  async rewind(id, { query }, { durable }) {
    const { refused } = await durable.client.rewind(id, query['reason'] ?? '');
    if (refused === undefined) return { status: 202 };
    if (refused === 'none') return quoted(404, `No orchestration with instance ID "$${id}" found.`);
    const text = `This orchestration has status ${refused}, but only orchestrations in the "Failed" state can be rewound.`;
    return quoted(412, text);
  },

  async restart(id, { query }, api) {
    const inNewOne = isOn(query['restartWithNewInstanceId'], true);
    const restarted = await api.durable.client.restart(id, inNewOne);
    if (restarted.refused === undefined) return accepted(restarted.id, api);
    if (restarted.refused === 'none') {
      const text = `No instance with ID '${id}' was found. (Parameter 'instanceId')`;
      const message = 'InstanceId does not match a valid orchestration instance.';
      return jsonAnswer(400, failed(message, text, 'System.ArgumentException'));
    }
    const message = 'A non-terminal instance with this instance ID already exists.';
    const text = `An Orchestration instance with the status ${restarted.refused} already exists.`;
    return jsonAnswer(409, failed(message, text, 'System.InvalidOperationException'));
  },
};

/** POST instances/{id}/raiseEvent/{name} */
export async function raise(id: string, name: string, request: HttpRequest, { durable }: Api): Promise<HttpAnswer> {
  if (!isJson(request)) return jsonAnswer(400, { Message: 'Only application/json request content is supported' });
  const input = jsonBody(request);
  if ('answer' in input) return input.answer;
  return told(await durable.client.raise(id, name, input.text), () => ({ status: 410 }));
}

export async function purge(id: string, { durable }: Api): Promise<HttpAnswer> {
  const { refused } = await durable.client.purge(id);
  if (refused === undefined) return jsonAnswer(200, { instancesDeleted: 1 });
  if (refused === 'none') return { status: 404 };
  return quoted(
    412,
    `Only orchestrations in a terminal state can be purged, but the orchestration with instance ID ${id} has status ${refused}`,
  );
}

function told(answer: Refusal | { readonly refused: undefined }, refused: (status: Status) => HttpAnswer): HttpAnswer {
  if (answer.refused === undefined) return { status: 202 };
  if (answer.refused === 'none') return { status: 404 };
  return hasEnded(answer.refused) ? { status: 410 } : refused(answer.refused);
}
