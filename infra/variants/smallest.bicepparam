// The smallest: nothing that costs at rest, nobody told.
using '../main.bicep'

param environmentName = 'a'
param location = 'westeurope'
param alwaysReady = { commit: 0, durable: 0 }
param lockData = false
param purgeProtection = false
param tokenHash = '0000000000000000000000000000000000000000000000000000000000000000'
