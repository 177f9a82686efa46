// Nothing reachable from outside.
using '../main.bicep'

param environmentName = 'private'
param location = 'westeurope'
param privateNetwork = true
param tablesSigning = 'userDelegation'
param token = '00000000000000000000000000000000'
param cloudKey = '00000000000000000000000000000000000000000000'
