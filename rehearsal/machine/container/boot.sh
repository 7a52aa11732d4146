# The first process of the machine's own process and mount namespaces: when it ends, the whole machine does.
# Usage: boot.sh DIRECTORY GROUPS... -- NSPAWN...
set -eu
cd "$1"
shift
groups=""
while [ "$1" != -- ]; do
    groups="$groups $1"
    shift
done
shift

# nspawn cleans up below /run when the machine reboots, and needs a tmpfs there; lxcfs has its own files in it.
mount -t tmpfs tmpfs /run
mkdir -p root lxcfs
# The disk need not survive a crash of this computer: no barriers.
mount -o loop,barrier=0,discard disk.raw root
lxcfs --foreground --pidfile=/run/lxcfs.pid "$PWD/lxcfs" &
until [ -e lxcfs/proc/meminfo ]; do
    kill -0 $! # it ended
    sleep 0.05
done

# New groups at each boot: under version 2 a process cannot enter a group that has children.
boot=0
while :; do
    boot=$((boot + 1)) status=0
    for group in $groups; do mkdir -p "$group/boot$boot"; done
    (
        for group in $groups; do echo 0 > "$group/boot$boot/cgroup.procs"; done
        exec "$@"
    ) || status=$?
    [ $status = 133 ] || exit $status # that is a reboot
done
