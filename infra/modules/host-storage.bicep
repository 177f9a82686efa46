// The account of the Functions host: packages, leases, keys, Durable's hub, events that could not be delivered.
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

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    allowBlobPublicAccess: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: { defaultAction: isPrivate ? 'Deny' : 'Allow', bypass: 'AzureServices' }
  }

  resource blobs 'blobServices' = {
    name: 'default'

    resource packages 'containers' = { name: 'packages' }

    resource deadLetters 'containers' = { name: 'dead-letters' }
  }
}

@description('Resource id.')
output id string = account.id

@description('URL of the container that deployments go to; one app each.')
output packages string = '${account.properties.primaryEndpoints.blob}packages'
