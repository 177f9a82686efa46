#!/bin/sh
# The two secrets that nothing in Azure makes: once for an environment, and the same ever after.
set -eu

keep() {
  if [ -z "$2" ]; then azd env set "$1" "$3"; fi
}

keep TIDEWAY_TOKEN "${TIDEWAY_TOKEN:-}" "$(openssl rand -hex 24)"
keep TIDEWAY_CLOUD_KEY "${TIDEWAY_CLOUD_KEY:-}" "$(openssl genpkey -algorithm ed25519 -outform DER | base64 | tr -d '\n')"
