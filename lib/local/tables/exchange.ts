// One HTTP request and its answer, as far as Node's shapes go.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { refusal } from './errors.ts';
import type { Reply } from './reply.ts';

const tunnelled = new Set(['DELETE', 'GET', 'MERGE', 'PATCH', 'PUT']);

/** The method, or the one that a POST carries in X-HTTP-Method for the sake of old proxies. */
export function methodOf(request: IncomingMessage): string {
  const { method = 'GET' } = request;
  const meant = headerOf(request, 'x-http-method');
  if (meant === undefined) return method;
  if (method !== 'POST') throw refusal('XMethodNotUsingPost');
  if (!tunnelled.has(meant)) throw refusal('XMethodIncorrectValue');
  return meant;
}

export function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

const versionShape = /^20\d\d-\d\d-\d\d$/;
const usualVersion = '2019-02-02';

/** Refuses (InvalidHeaderValue) a version of the protocol that is none; any date is taken, as clients grow newer. */
export function checkVersion(request: IncomingMessage): void {
  const version = headerOf(request, 'x-ms-version');
  if (version !== undefined && !versionShape.test(version)) throw refusal('InvalidHeaderValue');
}

/** Looks like the service's ids and counts up, so that a log line and an error text find each other. */
export function requestId(number: number): string {
  const digits = number.toString(16).padStart(12, '0');
  return `00000000-0000-4000-8000-${digits}`;
}

export function send(request: IncomingMessage, response: ServerResponse, id: string, reply: Reply): void {
  const headers = ['Cache-Control', 'no-cache', 'X-Content-Type-Options', 'nosniff', 'x-ms-request-id', id];
  const version = headerOf(request, 'x-ms-version') ?? usualVersion;
  headers.push('x-ms-version', versionShape.test(version) ? version : usualVersion, ...reply.headers);
  const clientId = headerOf(request, 'x-ms-client-request-id');
  if (clientId !== undefined) headers.push('x-ms-client-request-id', clientId);
  // 204 must not have it (RFC 9110, 8.6).
  if (reply.status !== 204) headers.push('Content-Length', String(Buffer.byteLength(reply.body ?? '')));
  response.writeHead(reply.status, headers);
  response.end(reply.body);
}
