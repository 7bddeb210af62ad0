#!/bin/sh
# Install etcd, HAProxy and Redis from the system's packages, for the drill; none of them is started.
set -eu
missing=""
command -v etcd >/dev/null || missing="etcd-server"
[ -x /usr/sbin/haproxy ] || missing="$missing haproxy"
command -v redis-server >/dev/null || missing="$missing redis-server"
[ -n "$missing" ] || exit 0
echo "Installing $missing…"
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo"
$as_root apt-get update -qq
# What refuses to start services on installing (invoke-rc.d(8)) is there already in containers.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap '$as_root rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
    $as_root chmod 755 $policy
fi
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq $missing >/dev/null
if [ -d /run/systemd/system ]; then  # nor at the next start of the machine
    for package in $missing; do
        $as_root systemctl disable --quiet "${package%-server}"
    done
fi
