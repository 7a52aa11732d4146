# Runs in the machine's own network namespace: connects it to the bridge, then starts the machine's processes.
# Usage: cable.sh PORT NETWORK-PID MAC COMMAND...
set -eu
port=$1 network=$2 mac=$3
shift 3
ip link set lo up
ip link add eth0 address "$mac" type veth peer name "$port" netns "$network"
nsenter --target="$network" --net ip link set "$port" master bridge up
exec unshare --mount --mount-proc --pid --kill-child "$@"
