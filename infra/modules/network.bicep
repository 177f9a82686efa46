// The virtual network of the private mode: a subnet for instances of the app, one for endpoints.
import * as types from '../types.bicep'

@description('Unique part of names.')
param suffix string

@description('Region.')
param location string

@description('Tags.')
param tags types.texts

@description('Address range, /24 or larger.')
param addressPrefix string

resource vnet 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: 'vnet-tideway-${suffix}'
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressPrefix] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 0)
          // An app of Flex Consumption takes up to 40 addresses, and shares its subnet with nothing.
          delegations: [{ name: 'flex', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 1)
          privateEndpointNetworkPolicies: 'Disabled'
        }
      }
    ]
  }

  resource app 'subnets' existing = { name: 'app' }

  resource endpoints 'subnets' existing = { name: 'endpoints' }
}

@description('Resource id of the network.')
output vnetId string = vnet.id

@description('Where instances get their addresses.')
output appSubnetId string = vnet::app.id

@description('Where endpoints get theirs.')
output endpointSubnetId string = vnet::endpoints.id
