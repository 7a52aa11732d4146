# Turns Debian's packages into what a provider hands over: root SSH by key, DHCP, a serial console. $1 is the root.
set -eu
cd "$1"

echo slipway > etc/hostname
echo "127.0.0.1 localhost slipway" > etc/hosts
echo "/dev/vda / ext4 errors=remount-ro 0 1" > etc/fstab
: > etc/machine-id
echo "nameserver 10.0.2.3" > etc/resolv.conf
# As in Debian's own images since 13; without it apt tries each of a dozen keys on each index.
sed -i 's|^deb http|deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http|' etc/apt/sources.list
printf '[Match]\nName=e*\n\n[Network]\nDHCP=yes\n' > etc/systemd/network/80-dhcp.network
ln -sf /lib/systemd/system/systemd-networkd.service etc/systemd/system/multi-user.target.wants/

# Each machine makes its own host key, of the kind that an emulated processor makes in no time.
rm -f etc/ssh/ssh_host_*
mkdir -p etc/systemd/system/ssh.service.d
make_key="/bin/sh -c 'test -s /etc/ssh/ssh_host_ed25519_key || ssh-keygen -q -t ed25519 -N \"\" -f /etc/ssh/ssh_host_ed25519_key'"
printf '[Service]\nExecStartPre=\nExecStartPre=%s\nExecStartPre=/usr/sbin/sshd -t\n' "$make_key" \
    > etc/systemd/system/ssh.service.d/host-keys.conf

# The machine's own user reaches it as root; the key comes with the boot (boot.py).
mkdir -m 700 -p root/.ssh
