#!/bin/sh
# Install Chromium from the system's packages, for the browser test.
set -eu
echo "Installing Chromium…"
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo"
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq chromium >/dev/null
