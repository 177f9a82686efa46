import { FilesError } from './errors.ts';
import type { Operation } from './operation.ts';
import type { Reply } from './reply.ts';
import { decodeStructured, encodeStructured, structuredForm, structuredLength } from './structured-body.ts';

type Run = Operation['run'];

/** An operation whose body may come in the form with checksums: it runs only on content that has arrived unspoilt. */
export function takingStructured(run: Run): Run {
  return (call) => {
    const { headers } = call.request;
    if (!headers.has('x-ms-structured-body')) return run(call);
    return answered(run({ ...call, body: decodeStructured(call.body, headers) }));
  };
}

async function answered(run: Reply | Promise<Reply>): Promise<Reply> {
  const reply = await run;
  reply.headers.push('x-ms-structured-body', structuredForm);
  return reply;
}

/** An operation that answers with content, which may be asked for in that form. */
export function givingStructured(run: Run): Run {
  return (call) => {
    const asked = call.request.headers.get('x-ms-structured-body');
    if (asked === undefined) return run(call);
    if (asked !== structuredForm) throw new FilesError('InvalidHeaderValue', 'x-ms-structured-body');
    return structured(run(call));
  };
}

async function structured(run: Reply | Promise<Reply>): Promise<Reply> {
  const { status, headers, body, stream } = await run;
  const at = headers.indexOf('Content-Length') + 1;
  const length = Number(headers[at]);
  headers[at] = String(structuredLength(length));
  headers.push('x-ms-structured-body', structuredForm, 'x-ms-structured-content-length', String(length));
  return { status, headers, stream: encodeStructured(stream ?? pieces(body), length) };
}

async function* pieces(body: string | Uint8Array | undefined): AsyncGenerator<Uint8Array, void, void> {
  if (body !== undefined) yield Buffer.from(body);
}
