#!/bin/sh
# Runs before the machine's systemd: replaces what nspawn shows of the outer computer, or leaves read-only.
# Usage: init.sh NAME ADDRESS SYSCTL-KEYS...
set -eu
name=$1 address=$2
shift 2
echo "$name" > /etc/hostname
grep -q " $name\$" /etc/hosts || echo "127.0.0.1 $name" >> /etc/hosts

# systemd must be able to write the limits of units.
for controller in /sys/fs/cgroup /sys/fs/cgroup/*/; do
    mount -o remount,bind,rw "$controller" 2> /dev/null || true
done
for file in meminfo swaps uptime; do mount --bind "/run/machine/lxcfs/proc/$file" "/proc/$file"; done

# Keys of the outer kernel: plain files here, so that no change reaches it.
mkdir -p /run/machine/sysctl
for key in "$@"; do
    path=/proc/sys/$(echo "$key" | tr . /) own=/run/machine/sysctl/$key
    [ -e "$path" ] || continue
    cat "$path" > "$own"
    mount --bind "$own" "$path"
done

# Swap and the clock are the outer computer's too: both are imitated.
mkdir -p /usr/local/sbin /run/systemd/system/systemd-timesyncd.service.d /run/systemd/network
# A boot activates the swap in fstab.
! grep -qs " swap " /etc/fstab || touch /run/machine/swap
cat > /usr/local/sbin/swapon <<'SWAPON'
#!/bin/sh
case "$1" in
--show*) [ ! -e /run/machine/swap ] || echo /swapfile ;;
*) touch /run/machine/swap ;;
esac
SWAPON
chmod 755 /usr/local/sbin/swapon
cat > /run/systemd/system/systemd-timesyncd.service.d/machine.conf <<'UNIT'
[Unit]
ConditionVirtualization=
ConditionCapability=
[Service]
Type=exec
ExecStart=
ExecStart=/bin/sleep infinity
WatchdogSec=0
UNIT

# As a provider's DHCP would give it.
cat > /run/systemd/network/10-machine.network <<NETWORK
[Match]
Name=eth0
[Network]
Address=$address/24
Gateway=10.0.2.2
NETWORK
exec /lib/systemd/systemd
