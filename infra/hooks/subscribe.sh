#!/bin/sh
# Event Grid asks a function whether it wants the events before it subscribes it, so this comes after the code. Repeating
# it changes nothing. What happened before is published by the timer: nothing is lost.
set -eu

az deployment group create \
  --resource-group "$AZURE_RESOURCE_GROUP" \
  --name tideway-subscriptions \
  --template-file "$(dirname "$0")/../subscriptions.bicep" \
  --parameters \
  topicName="$TIDEWAY_TOPIC" \
  functionName="$AZURE_FUNCTION_NAME" \
  serviceBusName="$TIDEWAY_SERVICE_BUS" \
  hostAccount="$TIDEWAY_HOST_ACCOUNT" \
  isPrivate="$TIDEWAY_PRIVATE" \
  --output none
