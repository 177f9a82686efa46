#!/bin/sh
# The token of administrators: made once for an environment, and the same ever after. Azure is told its hash only.
set -eu

for tool in azd openssl; do
  command -v "$tool" >/dev/null || { echo "$tool is needed to make the token of administrators, and is not there" >&2; exit 1; }
done

# The token first: where this ends half way, the next run finds it, and no hash of one that nobody has is ever deployed.
if [ -z "${TIDEWAY_TOKEN:-}" ]; then
  TIDEWAY_TOKEN=$(openssl rand -hex 24)
  azd env set TIDEWAY_TOKEN "$TIDEWAY_TOKEN"
fi

# Line by line, because a pipe would hide that one of its commands failed: the hash of nothing would let nobody in.
digest=$(printf %s "$TIDEWAY_TOKEN" | openssl dgst -sha256 -r)
hash=${digest%% *}
if [ "${#hash}" -ne 64 ]; then
  echo "openssl gave no SHA-256: $digest" >&2
  exit 1
fi
azd env set TIDEWAY_TOKEN_HASH "$hash"
