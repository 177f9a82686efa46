import type { IncomingMessage } from 'node:http';
import type { Authorizer } from './authorize.ts';
import { FilesError } from './errors.ts';
import type { Reply } from './reply.ts';
import { parseSigned, type Headers } from './request.ts';
import { readBody } from './server.ts';
import { parseJson } from './share-settings.ts';
import type { Smb } from './smb.ts';

/**
 * The SMB side for tests whose service runs in another process. POST /<account>/$smb/<verb>, signed with SharedKey as
 * any request (never open to a SAS), the arguments in a JSON object:
 *
 *   open          {share, path, access: 'read'|'write', shareDelete?, shareWrite?}  answers {handle}
 *   write         {handle, offset, bytes}                      bytes in base64
 *   truncate      {handle, size}
 *   deleteOnClose {handle}
 *   close         {handle}
 *   create        {share, path, directory?, content?}          content in base64
 *   rename        {share, path, to, replace?}
 *   remove        {share, path}
 *
 * 200 with a JSON object, or the refusal in the form of every other: x-ms-error-code and XML.
 */
export async function serveSmb(
  smb: Smb,
  verb: string,
  http: IncomingMessage,
  headers: Headers,
  authorizer: Authorizer,
): Promise<Reply> {
  const request = parseSigned(http, headers);
  authorizer.checkKey(request, request.headers.get('authorization'));
  const answer = await run(smb, verb, new Arguments(parseJson(await readBody(http, request.headers))));
  return { status: 200, headers: ['Content-Type', 'application/json'], body: JSON.stringify(answer) };
}

async function run(smb: Smb, verb: string, args: Arguments): Promise<Readonly<Record<string, unknown>>> {
  const at = (): { share: string; path: string } => ({ share: args.text('share'), path: args.text('path') });
  const handle = () => smb.handle(args.text('handle'));
  switch (verb) {
    case 'open': {
      const access = args.text('access');
      if (access !== 'read' && access !== 'write') throw new FilesError('InvalidInput', 'access');
      const sharing = { shareDelete: args.flag('shareDelete'), shareWrite: args.flag('shareWrite') };
      return { handle: smb.open({ ...at(), access, ...sharing }).id };
    }
    case 'write':
      await handle().write(args.whole('offset'), args.bytes('bytes'));
      return {};
    case 'truncate':
      await handle().truncate(args.whole('size'));
      return {};
    case 'deleteOnClose':
      await handle().deleteOnClose();
      return {};
    case 'close':
      await handle().close();
      return {};
    case 'create':
      await smb.create({ ...at(), directory: args.flag('directory'), content: args.optionalBytes('content') });
      return {};
    case 'rename':
      await smb.rename({ ...at(), to: args.text('to'), replace: args.flag('replace') });
      return {};
    case 'remove':
      await smb.remove(at());
      return {};
    default:
      throw new FilesError('InvalidUri', verb);
  }
}

/** Reads a JSON object; what is missing or of the wrong type is InvalidInput. */
class Arguments {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  text(name: string): string {
    const value = this.#values[name];
    if (typeof value !== 'string') throw new FilesError('InvalidInput', name);
    return value;
  }

  flag(name: string): boolean {
    const value = this.#values[name] ?? false;
    if (typeof value !== 'boolean') throw new FilesError('InvalidInput', name);
    return value;
  }

  whole(name: string): number {
    const value = this.#values[name];
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw new FilesError('InvalidInput', name);
    return value;
  }

  bytes(name: string): Uint8Array {
    return Buffer.from(this.text(name), 'base64');
  }

  optionalBytes(name: string): Uint8Array | undefined {
    return this.#values[name] === undefined ? undefined : this.bytes(name);
  }
}
