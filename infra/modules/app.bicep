// The functions, on Flex Consumption. Settings are a module of their own: they need roles that need the app's parts.
import * as types from '../types.bicep'

@description('Name of the app; its address follows from it.')
@maxLength(60)
param name string

@description('Region.')
param location string

@description('Tags.')
param tags types.texts

@description('Who the app is.')
param identityId string

@description('URL of the container of packages.')
param packages string

@description('Subnet of its instances; empty without a virtual network.')
param subnetId string

@description('Closed to the public network.')
param isPrivate bool

@description('Version of Node.')
param nodeVersion string

@description('Memory of an instance.')
param instanceMemoryMB int

@description('Upper bound of instances.')
param maximumInstanceCount int

@description('Instances that are always there.')
param alwaysReady types.alwaysReady

@description('Instances in several zones.')
param zoneRedundant bool

// In several zones, one that is always there is in one zone.
var least = zoneRedundant ? 2 : 1
var ready = filter(
  [
    { name: 'function:commit', instanceCount: alwaysReady.commit }
    { name: 'durable', instanceCount: alwaysReady.durable }
  ],
  each => each.instanceCount > 0
)

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true, zoneRedundant: zoneRedundant }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'functions' })
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    siteConfig: { minTlsVersion: '1.2', ftpsState: 'Disabled' }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packages
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      runtime: { name: 'node', version: nodeVersion }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: map(ready, each => { name: each.name, instanceCount: max(least, each.instanceCount) })
      }
    }
  }
}

@description('Resource id.')
output id string = app.id

@description('Address for agents and the command line.')
output api string = 'https://${app.properties.defaultHostName}'
