// Every refusal of the service, in one place: code, status and text as the Azure Files error tables give them
// (learn.microsoft.com/rest/api/storageservices: common, file service and lease error codes).

const table = {
  AuthenticationFailed: [403, 'Server failed to authenticate the request.'],
  AuthorizationFailure: [403, 'This request is not authorized to perform this operation.'],
  AuthorizationPermissionMismatch: [
    403,
    'This request is not authorized to perform this operation using this permission.',
  ],
  AuthorizationProtocolMismatch: [403, 'This request is not authorized to perform this operation using this protocol.'],
  AuthorizationResourceTypeMismatch: [
    403,
    'This request is not authorized to perform this operation using this resource type.',
  ],
  AuthorizationServiceMismatch: [403, 'This request is not authorized to perform this operation using this service.'],
  AuthorizationSourceIPMismatch: [
    403,
    'This request is not authorized to perform this operation using this source IP.',
  ],
  CannotDeleteFileOrDirectory: [409, 'The file or directory can not be deleted.'],
  CannotVerifyCopySource: [404, 'The copy source could not be found or read.'],
  ConditionHeadersNotSupported: [400, 'Condition headers are not supported.'],
  ConditionNotMet: [412, 'The condition specified using HTTP conditional header(s) is not met.'],
  Crc64Mismatch: [
    400,
    'The CRC64 value specified in the request did not match the CRC64 value calculated by the server.',
  ],
  DeleteShareWhenSnapshotLeased: [
    409,
    'Unable to delete share because one or more share snapshots have active leases. Release the share snapshot leases or delete the share with the include-leased parameter.',
  ],
  DeletePending: [409, 'The specified resource is marked for deletion by an SMB client.'],
  DirectoryNotEmpty: [409, 'The specified directory is not empty.'],
  EmptyMetadataKey: [400, 'The key for one of the metadata key-value pairs is empty.'],
  FileGenerationMismatch: [409, 'The file has been recreated since the previous snapshot was taken.'],
  FileInvalidPermission: [400, 'The specified file permission is not valid.'],
  FileInvalidPermissionKey: [400, 'The specified file permission key does not exist in the share.'],
  InternalError: [500, 'The server encountered an internal error. Please retry the request.'],
  InvalidFileOrDirectoryPathName: [400, 'The file or directory path is too long or has too many subdirectories.'],
  InvalidHeaderValue: [400, 'The value for one of the HTTP headers is not in the correct format.'],
  InvalidInput: [400, 'One of the request inputs is not valid.'],
  InvalidMd5: [400, 'The MD5 value specified in the request is invalid.'],
  InvalidMetadata: [400, 'The metadata specified is invalid. It has characters that are not permitted.'],
  InvalidQueryParameterValue: [400, 'Value for one of the query parameters is invalid.'],
  InvalidRange: [416, 'The range specified is invalid for the current size of the resource.'],
  InvalidResourceName: [400, 'The specified resource name contains invalid characters.'],
  InvalidUri: [400, 'The requested URI does not represent any resource on the server.'],
  InvalidXmlDocument: [400, 'The specified XML is not syntactically valid.'],
  InvalidXmlNodeValue: [
    400,
    'The value provided for one of the XML nodes in the request body was not in the correct format.',
  ],
  LeaseAlreadyPresent: [409, 'There is already a lease present.'],
  LeaseIdMismatchWithContainerOperation: [412, 'The lease ID specified did not match the lease ID for the file share.'],
  LeaseIdMismatchWithFileOperation: [412, 'The lease ID specified did not match the lease ID for the file.'],
  LeaseIdMismatchWithLeaseOperation: [409, 'The lease ID specified did not match the lease ID for the file.'],
  LeaseIdMissing: [412, 'There is currently a lease on the file and no lease ID was specified in the request.'],
  LeaseIsBreakingAndCannotBeAcquired: [
    409,
    'The lease ID matched, but the lease is currently in breaking state and cannot be acquired until it is broken.',
  ],
  LeaseIsBreakingAndCannotBeChanged: [
    409,
    'The lease ID matched, but the lease is currently in breaking state and cannot be changed.',
  ],
  LeaseIsBrokenAndCannotBeRenewed: [
    409,
    'The lease ID matched, but the lease has been broken explicitly and cannot be renewed.',
  ],
  LeaseLost: [412, 'A lease ID was specified, but the lease for the file share has expired.'],
  LeaseNotPresentWithContainerOperation: [412, 'There is currently no lease on the file share.'],
  LeaseNotPresentWithFileOperation: [412, 'There is currently no lease on the file.'],
  LeaseNotPresentWithLeaseOperation: [409, 'There is currently no lease on the file.'],
  Md5Mismatch: [400, 'The MD5 value specified in the request did not match the MD5 value calculated by the server.'],
  MetadataTooLarge: [400, 'The size of the specified metadata exceeds the maximum size permitted.'],
  MissingContentLengthHeader: [411, 'The Content-Length header was not specified.'],
  MissingRequiredQueryParameter: [400, 'A query parameter that is mandatory for this request is not specified.'],
  MissingRequiredHeader: [400, 'An HTTP header that is mandatory for this request is not specified.'],
  NoPendingCopyOperation: [409, 'There is currently no pending copy operation.'],
  OutOfRangeInput: [400, 'One of the request inputs is out of range.'],
  OutOfRangeQueryParameterValue: [
    400,
    'A query parameter specified in the request URI is outside the permissible range.',
  ],
  ParentNotFound: [404, 'The specified parent path does not exist.'],
  PreviousSnapshotNotFound: [409, 'The file does not exist in the previous snapshot.'],
  ReadOnlyAttribute: [409, 'The specified resource is read-only and cannot be modified at this time.'],
  RequestBodyTooLarge: [413, 'The request body is too large and exceeds the maximum permissible limit.'],
  ResourceAlreadyExists: [409, 'The specified resource already exists.'],
  ResourceNotFound: [404, 'The specified resource does not exist.'],
  ResourceTypeMismatch: [409, 'The resource type in the path does not match the type of the resource.'],
  ServerBusy: [503, 'The server is busy.'],
  ShareAlreadyExists: [409, 'The specified share already exists.'],
  ShareHasSnapshots: [409, 'The share has snapshots and the operation requires no snapshots.'],
  ShareNotFound: [404, 'The specified share does not exist.'],
  ShareSizeLimitReached: [403, 'The share size limit has been reached.'],
  ShareSnapshotCountExceeded: [409, 'The total number of snapshots for the share is over the limit.'],
  ShareSnapshotNotFound: [404, 'The specified share snapshot does not exist.'],
  ShareSnapshotOperationNotSupported: [400, 'This operation is not supported on a share snapshot.'],
  SharingViolation: [409, 'The specified resource may be in use by an SMB client.'],
  UnsupportedHeader: [400, 'One of the HTTP headers specified in the request is not supported.'],
  UnsupportedQueryParameter: [400, 'One of the query parameters specified in the request URI is not supported.'],
  UnsupportedHttpVerb: [405, 'The resource does not support the specified HTTP verb.'],
} as const;

export type ErrorCode = keyof typeof table;

/** What the service refuses: `code` goes to `x-ms-error-code`, `status` is HTTP's. SMB callers get the same. */
export class FilesError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  /** The header, parameter or name that is wrong, for the reader of a log. */
  readonly detail: string | undefined;

  constructor(code: ErrorCode, detail?: string) {
    const [status, text] = table[code];
    super(detail === undefined ? text : `${text} (${detail})`);
    this.name = 'FilesError';
    this.code = code;
    this.status = status;
    this.detail = detail;
  }
}
