// Nothing reachable from outside.
using '../main.bicep'

param environmentName = 'private'
param location = 'westeurope'
param privateNetwork = true
param tablesSigning = 'userDelegation'
param tokenHash = '0000000000000000000000000000000000000000000000000000000000000000'
