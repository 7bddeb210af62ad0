#!/bin/sh
# Install nginx and Caddy from the system's packages, where they are not there yet.
set -eu
command -v nginx >/dev/null && command -v caddy >/dev/null && exit 0
echo "Installing nginx and Caddy…"
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo"
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq nginx-light caddy >/dev/null
