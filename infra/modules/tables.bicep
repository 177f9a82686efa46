// The account of the namespace and the change log: Tables only.
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

@description('Who signs access to rows.')
param signing types.signing

@description('Forbids to delete the account.')
param lock bool

var topology = loadJsonContent('../topology.json')

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    // A key that signs for Tables opens nothing else.
    allowSharedKeyAccess: signing == 'accountKey'
    allowSharedKeyAccessForServices: signing == 'accountKey'
      ? {
          blob: { enabled: false }
          file: { enabled: false }
          queue: { enabled: false }
          table: { enabled: true }
        }
      : null
    sasPolicy: { expirationAction: 'Log', sasExpirationPeriod: '8.00:00:00' }
    defaultToOAuthAuthentication: true
    allowBlobPublicAccess: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: { defaultAction: isPrivate ? 'Deny' : 'Allow', bypass: 'AzureServices' }
  }

  resource service 'tableServices' = {
    name: 'default'

    resource table 'tables' = [for each in topology.tables: { name: each }]
  }
}

resource keep 'Microsoft.Authorization/locks@2020-05-01' = if (lock) {
  scope: account
  name: 'keep-data'
  properties: { level: 'CanNotDelete', notes: 'The namespace of every sync group. See docs/deploy.md before removing.' }
}

@description('Resource id.')
output id string = account.id

@description('URL of the service.')
output endpoint string = account.properties.primaryEndpoints.table
