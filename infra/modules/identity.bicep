// Who the app is. The topic has an identity of its own (event-grid.bicep).
import * as types from '../types.bicep'

@description('Name of the identity.')
param name string

@description('Region.')
param location string

@description('Tags.')
param tags types.texts

resource hub 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id.')
output id string = hub.id

@description('What the app names itself by when it asks for a token.')
output clientId string = hub.properties.clientId
