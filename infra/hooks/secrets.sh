#!/bin/sh
# The token of administrators: made once for an environment, and the same ever after. Azure is told its hash only.
set -eu

if [ -z "${TIDEWAY_TOKEN:-}" ]; then
  TIDEWAY_TOKEN=$(openssl rand -hex 24)
  azd env set TIDEWAY_TOKEN "$TIDEWAY_TOKEN"
fi
azd env set TIDEWAY_TOKEN_HASH "$(printf %s "$TIDEWAY_TOKEN" | openssl dgst -sha256 -r | cut -d ' ' -f 1)"
