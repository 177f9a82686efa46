import * as account from './account-operations.ts';
import { abortCopy, copyFile, putRangeFromUrl } from './copy.ts';
import { createFile } from './create-file.ts';
import { deleteShare, undeleteShare } from './delete-share.ts';
import { getUserDelegationKey } from './delegation.ts';
import * as directories from './directories.ts';
import { FilesError } from './errors.ts';
import * as properties from './file-properties.ts';
import { forceCloseHandles, listHandles } from './handle-operations.ts';
import { leaseFile } from './lease-operations.ts';
import { listDirectory } from './listing.ts';
import { listShares } from './list-shares.ts';
import type { Operation } from './operation.ts';
import { putRange } from './put-range.ts';
import { listRanges } from './range-list.ts';
import { getFile, headFile } from './read-file.ts';
import { renameDirectory, renameFile } from './rename.ts';
import type { Request } from './request.ts';
import type { Need } from './sas.ts';
import * as settings from './share-settings.ts';
import { leaseShare } from './share-lease-operations.ts';
import * as shares from './share-operations.ts';
import { givingStructured, takingStructured } from './structured-call.ts';
import type { Role } from '../token.ts';
import { refuseUnsupported } from './unsupported.ts';

// The whole interface: resource, method and `comp`, the operation, and which letters of a SAS allow it
// ("Create a service SAS": permissions for files and shares).

const operations = new Map<string, Operation>();

function add(
  key: string,
  name: string,
  permissions: string,
  run: Operation['run'],
  more: Partial<Operation> = {},
): void {
  operations.set(key, { name, permissions, run, ...more });
}

const accountOnly = { accountOnly: true };

add('account GET list', 'ListShares', 'l', listShares, accountOnly);
add('account GET properties', 'GetServiceProperties', 'r', account.getServiceProperties, accountOnly);
add('account POST userdelegationkey', 'GetUserDelegationKey', '', getUserDelegationKey, accountOnly);
add('account PUT properties', 'SetServiceProperties', 'w', account.setServiceProperties, accountOnly);

add('share PUT', 'CreateShare', 'cw', shares.createShare, accountOnly);
add('share DELETE', 'DeleteShare', 'd', deleteShare, accountOnly);
add('share PUT undelete', 'RestoreShare', 'cw', undeleteShare, accountOnly);
add('share PUT lease', 'LeaseShare', 'w', leaseShare, accountOnly);
add('share PUT lease break', 'LeaseShare', 'wd', leaseShare, accountOnly);
add('share GET', 'GetShareProperties', 'r', shares.getShare, accountOnly);
add('share HEAD', 'GetShareProperties', 'r', shares.getShare, accountOnly);
add('share PUT properties', 'SetShareProperties', 'w', shares.setShareProperties, accountOnly);
add('share PUT metadata', 'SetShareMetadata', 'w', shares.setShareMetadata, accountOnly);
add('share PUT snapshot', 'SnapshotShare', 'cw', shares.createSnapshot, accountOnly);
add('share GET acl', 'GetShareAcl', '', settings.getAcl, accountOnly);
add('share PUT acl', 'SetShareAcl', '', settings.setAcl, accountOnly);
add('share GET stats', 'GetShareStats', 'r', settings.getStatistics, accountOnly);
add('share PUT filepermission', 'CreatePermission', 'cw', settings.createPermission);
add('share GET filepermission', 'GetPermission', 'r', settings.getPermission);

add('directory PUT', 'CreateDirectory', 'cw', directories.createDirectory);
add('directory DELETE', 'DeleteDirectory', 'd', directories.deleteDirectory);
add('directory GET', 'GetDirectoryProperties', 'r', directories.getDirectory);
add('directory HEAD', 'GetDirectoryProperties', 'r', directories.getDirectory);
add('directory PUT properties', 'SetDirectoryProperties', 'w', directories.setDirectoryProperties);
add('directory PUT metadata', 'SetDirectoryMetadata', 'w', directories.setDirectoryMetadata);
add('directory GET list', 'ListDirectoriesAndFiles', 'l', listDirectory);
add('directory PUT rename', 'RenameDirectory', 'cw', renameDirectory);

add('file PUT', 'CreateFile', 'cw', takingStructured(createFile));
add('file PUT from url', 'CopyFile', 'cw', copyFile);
add('file PUT copy', 'AbortCopyFile', 'w', abortCopy);
add('file GET', 'GetFile', 'r', givingStructured(getFile));
add('file HEAD', 'GetFileProperties', 'r', headFile);
add('file DELETE', 'DeleteFile', 'd', properties.deleteFile);
add('file PUT properties', 'SetFileProperties', 'w', properties.setFileProperties);
add('file PUT metadata', 'SetFileMetadata', 'w', properties.setFileMetadata);
add('file PUT range', 'PutRange', 'w', takingStructured(putRange));
add('file PUT range from url', 'PutRangeFromUrl', 'w', putRangeFromUrl);
add('file GET rangelist', 'ListRanges', 'r', listRanges);
add('file PUT rename', 'RenameFile', 'cw', renameFile);
add('file PUT lease', 'LeaseFile', 'w', leaseFile);
add('file PUT lease break', 'LeaseFile', 'wd', leaseFile);

add('file GET listhandles', 'ListHandles', 'r', listHandles);
add('file PUT forceclosehandles', 'ForceCloseHandles', 'w', forceCloseHandles);

/** The operation a request asks for. Errors: InvalidQueryParameterValue, UnsupportedHttpVerb, MissingRequiredHeader, ... */
export function route(request: Request): Operation {
  const { method, query, headers } = request;
  refuseUnsupported(request);
  const resource = resourceOf(request);
  let key = `${resource} ${method}`;
  const comp = query.get('comp');
  if (comp !== undefined) key += ` ${comp}`;
  if (method === 'PUT' && resource === 'file' && headers.has('x-ms-copy-source'))
    key += comp === 'range' || comp === undefined ? ' from url' : '';
  if (comp === 'lease' && headers.get('x-ms-lease-action') === 'break') key += ' break';
  const operation = operations.get(key);
  if (operation === undefined)
    throw comp === undefined
      ? new FilesError('UnsupportedHttpVerb')
      : new FilesError('InvalidQueryParameterValue', 'comp');
  if (key === 'file PUT' && headers.get('x-ms-type') !== 'file')
    throw new FilesError('MissingRequiredHeader', 'x-ms-type');
  return operation;
}

/** What a SAS must grant for the operation. */
export function needOf(request: Request, operation: Operation): Need {
  const resource = resourceOf(request);
  const level = resource === 'account' ? 's' : resource === 'share' ? 'c' : 'o';
  const accountOnly = operation.accountOnly === true;
  return { level, permissions: operation.permissions, accountOnly, role: roleOf(operation, accountOnly) };
}

function roleOf({ name, permissions }: Operation, accountOnly: boolean): Role {
  if (name === 'GetUserDelegationKey') return 'delegate';
  if (accountOnly) return 'manage';
  return permissions === 'r' || permissions === 'l' ? 'read' : 'write';
}

function resourceOf({ share, query }: Request): string {
  if (share === undefined) return 'account';
  const restype = query.get('restype');
  return restype === 'share' || restype === 'directory' ? restype : 'file';
}
