using '../subscriptions.bicep'

param topicName = 'evgt-tideway-x'
param functionName = 'func-tideway-x'
param serviceBusName = 'sb-tideway-x'
param hostAccount = 'sthostx'
param isPrivate = false
