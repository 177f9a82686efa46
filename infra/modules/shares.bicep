// The account of the shares. What is paid for decides kind, sku and properties together: no other mix is taken by Azure.
import * as types from '../types.bicep'

@description('Name of the account.')
@minLength(3)
@maxLength(24)
param name string

@description('Region.')
param location string

@description('Tags.')
param tags types.texts

@description('Closed to the public network.')
param isPrivate bool

@description('How the shares are billed.')
param billing types.billing

@description('Copies.')
param redundancy types.redundancy

@description('Who signs access to files.')
param signing types.signing

@description('The groups, each a share.')
param groups types.group[]

@description('Days in which a deleted share can be brought back.')
param retentionDays int

@description('Forbids to delete the account.')
param lock bool

var models = {
  payAsYouGo: { kind: 'StorageV2', sku: 'Standard_', provisioned: false, iops: 0, throughputMibps: 0 }
  provisionedHdd: { kind: 'FileStorage', sku: 'StandardV2_', provisioned: true, iops: 1000, throughputMibps: 60 }
  provisionedSsd: { kind: 'FileStorage', sku: 'PremiumV2_', provisioned: true, iops: 3000, throughputMibps: 125 }
}
var model = models[billing]

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' = {
  name: name
  location: location
  tags: tags
  #disable-next-line BCP036 // the types of the compiler know the skus of provisioned v2 by their whole names only
  kind: model.kind
  sku: { name: '${model.sku}${redundancy}' }
  properties: {
    // With the key off, SMB mounts need identities: docs/deploy.md.
    allowSharedKeyAccess: signing == 'accountKey'
    allowSharedKeyAccessForServices: signing == 'accountKey'
      ? {
          blob: { enabled: false }
          file: { enabled: true }
          queue: { enabled: false }
          table: { enabled: false }
        }
      : null
    sasPolicy: { expirationAction: 'Log', sasExpirationPeriod: '8.00:00:00' }
    defaultToOAuthAuthentication: true
    allowBlobPublicAccess: false
    largeFileSharesState: model.provisioned ? null : 'Enabled'
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: { defaultAction: isPrivate ? 'Deny' : 'Allow', bypass: 'AzureServices' }
  }

  resource service 'fileServices' = {
    name: 'default'
    properties: { shareDeleteRetentionPolicy: { enabled: true, days: retentionDays } }

    resource share 'shares' = [
      for each in groups: {
        name: each.name
        properties: union(
          { shareQuota: each.quotaGiB, enabledProtocols: 'SMB' },
          model.provisioned
            ? {
                provisionedIops: each.?iops ?? model.iops
                provisionedBandwidthMibps: each.?throughputMibps ?? model.throughputMibps
              }
            : { accessTier: 'TransactionOptimized' }
        )
      }
    ]
  }
}

resource keep 'Microsoft.Authorization/locks@2020-05-01' = if (lock) {
  scope: account
  name: 'keep-data'
  properties: { level: 'CanNotDelete', notes: 'The files of every sync group. See docs/deploy.md before removing.' }
}

@description('Resource id.')
output id string = account.id

@description('URL of the service.')
output endpoint string = account.properties.primaryEndpoints.file
