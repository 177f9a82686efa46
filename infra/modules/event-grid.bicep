// The topic that commits are told to, and that takes notice of edits on the share.
import * as types from '../types.bicep'

@description('Name of the topic.')
param name string

@description('Region.')
param location string

@description('Tags.')
param tags types.texts

@description('Closed to the public network.')
param isPrivate bool

@description('Lets posters use the key of the topic.')
param keys bool

resource topic 'Microsoft.EventGrid/topics@2025-02-15' = {
  name: name
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    inputSchema: 'CloudEventSchemaV1_0'
    disableLocalAuth: !keys
    minimumTlsVersionAllowed: '1.2'
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
  }
}

@description('Resource id.')
output id string = topic.id

@description('Where events are posted.')
output endpoint string = topic.properties.endpoint
