# Inside the user namespace: a root file system's tar on stdin, the tar of disk.qcow2, kernel and initrd on stdout.
set -eu
PATH=$PATH:/usr/sbin:/sbin
work=$(mktemp -d -p /var/tmp slipway-image.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"
mkdir root
tar -x --numeric-owner -C root
cp -L root/vmlinuz kernel
cp -L root/initrd.img initrd
mke2fs -q -t ext4 -d root disk.raw 6G >&2
qemu-img convert -O qcow2 disk.raw disk.qcow2
tar -cf - kernel initrd disk.qcow2
