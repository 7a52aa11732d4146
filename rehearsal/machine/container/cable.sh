# In the machine's own network namespace: its end of the cable, and then what lives and dies with it.
# Usage: cable.sh PORT NETWORK-PID MAC COMMAND...
set -eu
port=$1 network=$2 mac=$3
shift 3
ip link set lo up
ip link add eth0 address "$mac" type veth peer name "$port" netns "$network"
nsenter --target="$network" --net ip link set "$port" master bridge up
exec unshare --mount --mount-proc --pid --kill-child "$@"
