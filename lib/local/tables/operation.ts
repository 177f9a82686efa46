// A write to one entity, read from a request and checked as far as that goes without looking at what is stored.
import type { Property } from './property.ts';
import { type EntityBody, fragmentOf, readEntity } from './entity.ts';
import { refusal } from './errors.ts';
import { checkKey } from './names.ts';
import { stampOfEtag } from './stamp.ts';
import type { Target } from './target.ts';

/** `match`: the stamp the entity must still have, or `*` for any; undefined (replace, merge) makes it an upsert. */
export type Operation =
  | { readonly kind: 'insert'; readonly pk: string; readonly rk: string; readonly fragment: string }
  | {
      readonly kind: 'replace';
      readonly pk: string;
      readonly rk: string;
      readonly fragment: string;
      readonly match: Match | undefined;
    }
  | {
      readonly kind: 'merge';
      readonly pk: string;
      readonly rk: string;
      readonly properties: readonly Property[];
      readonly match: Match | undefined;
    }
  | { readonly kind: 'delete'; readonly pk: string; readonly rk: string; readonly match: Match };

export type Match = number | '*';

export interface WriteRequest {
  readonly method: string;
  readonly target: Target;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly body: string;
}

/** The operation that a request to a table or an entity asks for. Refuses what is no write. */
export function readOperation(request: WriteRequest): Operation {
  const { method, target } = request;
  if (target.kind === 'entities' && method === 'POST') return insert(readEntity(request.body));
  if (target.kind !== 'entity') throw refusal('MethodNotAllowed');
  if (request.ifNoneMatch !== undefined)
    throw refusal('InvalidInput', `If-None-Match HTTP header cannot be specified for ${method} operations.`);
  const pk = checkKey('PartitionKey', target.pk);
  const rk = checkKey('RowKey', target.rk);
  const match = request.ifMatch === undefined ? undefined : stampOfEtag(request.ifMatch);
  switch (method) {
    case 'PUT': {
      const { properties } = bodyFor(request.body, pk, rk);
      return { kind: 'replace', pk, rk, fragment: fragmentOf(pk, rk, properties), match };
    }
    case 'PATCH':
    case 'MERGE': {
      const { properties } = bodyFor(request.body, pk, rk);
      return { kind: 'merge', pk, rk, properties, match };
    }
    case 'DELETE':
      if (match === undefined)
        throw refusal('MissingRequiredHeader', 'The If-Match header is required to delete an entity.');
      return { kind: 'delete', pk, rk, match };
    default:
      throw refusal('MethodNotAllowed');
  }
}

function insert(body: EntityBody): Operation {
  const { partitionKey: pk, rowKey: rk } = body;
  if (pk === undefined || rk === undefined) throw refusal('PropertiesNeedValue');
  return { kind: 'insert', pk, rk, fragment: fragmentOf(pk, rk, body.properties) };
}

/** Keys in the body, where they are given, must be those of the URL: writing one entity under another's name is a bug. */
function bodyFor(json: string, pk: string, rk: string): EntityBody {
  const body = readEntity(json);
  if ((body.partitionKey ?? pk) !== pk || (body.rowKey ?? rk) !== rk)
    throw refusal('InvalidInput', 'The keys in the request body differ from those in the URL.');
  return body;
}
