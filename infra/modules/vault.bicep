// Secrets that an identity cannot replace. They go from where they are made into the vault, and the app reads them by
// reference: no output and no setting holds one.
import * as types from '../types.bicep'

@description('Name of the vault.')
@minLength(3)
@maxLength(24)
param name string

@description('Region.')
param location string

@description('Tags.')
param tags types.texts

@description('Closed to the public network.')
param isPrivate bool

@description('Nothing can be removed for good before its time.')
param purgeProtection bool

@description('Namespace with the rules for agents.')
param serviceBusName string

@description('Account of the shares.')
param sharesAccount string

@description('Its key signs for files.')
param filesKey bool

@description('Account of the tables.')
param tablesAccount string

@description('Its key signs for rows.')
param tablesKey bool

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
    enablePurgeProtection: purgeProtection ? true : null
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: { defaultAction: isPrivate ? 'Deny' : 'Allow', bypass: 'AzureServices' }
  }

  resource busSend 'secrets' = {
    name: 'bus-send'
    tags: tags
    properties: { value: send.listKeys().primaryKey }
  }

  resource busListen 'secrets' = {
    name: 'bus-listen'
    tags: tags
    properties: { value: listen.listKeys().primaryKey }
  }

  resource ofFiles 'secrets' = if (filesKey) {
    name: 'files-key'
    tags: tags
    properties: { value: files.listKeys().keys[0].value }
  }

  resource ofTables 'secrets' = if (tablesKey) {
    name: 'tables-key'
    tags: tags
    properties: { value: rows.listKeys().keys[0].value }
  }
}

resource send 'Microsoft.ServiceBus/namespaces/queues/authorizationRules@2024-01-01' existing = {
  name: '${serviceBusName}/changes/agent-send'
}

resource listen 'Microsoft.ServiceBus/namespaces/topics/authorizationRules@2024-01-01' existing = {
  name: '${serviceBusName}/sites/agent-listen'
}

resource files 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: sharesAccount
}

resource rows 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: tablesAccount
}

@description('Resource id.')
output id string = vault.id

@description('URL, with a slash at its end.')
output uri string = vault.properties.vaultUri
