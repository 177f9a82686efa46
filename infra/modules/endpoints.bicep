// Private endpoints, one for each service, and the zones that resolve the names of the services to them.
import * as types from '../types.bicep'

@description('Unique part of names.')
param suffix string

@description('Region.')
param location string

@description('Tags.')
param tags types.texts

@description('The network.')
param vnetId string

@description('The subnet of endpoints.')
param subnetId string

@description('Account of the host.')
param hostAccountId string

@description('Account of the tables.')
param tablesAccountId string

@description('Account of the shares.')
param sharesAccountId string

@description('Service Bus.')
param serviceBusId string

@description('Event Grid.')
param topicId string

@description('Key Vault.')
param vaultId string

@description('The app.')
param appId string

var suffixes = {
  blob: 'blob.${environment().suffixes.storage}'
  queue: 'queue.${environment().suffixes.storage}'
  table: 'table.${environment().suffixes.storage}'
  file: 'file.${environment().suffixes.storage}'
  namespace: 'servicebus.windows.net'
  topic: 'eventgrid.azure.net'
  vault: 'vaultcore.azure.net'
  sites: 'azurewebsites.net'
}
var services = ['blob', 'queue', 'table', 'file', 'namespace', 'topic', 'vault', 'sites']
var endpoints types.endpoint[] = [
  { name: 'host-blob', target: hostAccountId, groupId: 'blob' }
  { name: 'host-queue', target: hostAccountId, groupId: 'queue' }
  { name: 'host-table', target: hostAccountId, groupId: 'table' }
  { name: 'tables', target: tablesAccountId, groupId: 'table' }
  { name: 'shares', target: sharesAccountId, groupId: 'file' }
  { name: 'bus', target: serviceBusId, groupId: 'namespace' }
  { name: 'topic', target: topicId, groupId: 'topic' }
  { name: 'vault', target: vaultId, groupId: 'vault' }
  { name: 'app', target: appId, groupId: 'sites' }
]

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for each in services: {
    name: 'privatelink.${suffixes[each]}'
    #disable-next-line no-hardcoded-location // zones are of no region
    location: 'global'
    tags: tags
  }
]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (each, index) in services: {
    parent: zone[index]
    name: 'tideway'
    #disable-next-line no-hardcoded-location // nor are their links
    location: 'global'
    tags: tags
    properties: { virtualNetwork: { id: vnetId }, registrationEnabled: false }
  }
]

resource entrance 'Microsoft.Network/privateEndpoints@2025-05-01' = [
  for each in endpoints: {
    name: 'pe-tideway-${each.name}-${suffix}'
    location: location
    tags: tags
    properties: {
      subnet: { id: subnetId }
      privateLinkServiceConnections: [
        #disable-next-line use-resource-id-functions // the list above holds ids that were handed in
        { name: each.name, properties: { privateLinkServiceId: each.target, groupIds: [each.groupId] } }
      ]
    }
  }
]

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = [
  for (each, index) in endpoints: {
    parent: entrance[index]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        { name: each.name, properties: { privateDnsZoneId: zone[indexOf(services, each.groupId)].id } }
      ]
    }
  }
]
