#!/bin/sh
# Install PgBouncer from the system's packages, for `make pooled`.
set -eu
echo "Installing PgBouncer…"
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo"
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq pgbouncer >/dev/null
