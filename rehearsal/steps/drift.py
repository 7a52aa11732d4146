"""What somebody might change on a host by hand, and what a deploy must find and repair of it, no more and no less."""

# The task that repairs it → the command that needs repair; {stranger} is a public key.
DRIFTS = {
    "Write nginx's configuration": "echo '# mine' >> /etc/nginx/nginx.conf",
    "Write nginx's sandbox and its share of the memory": (
        "sed -i s/MemoryMax=.*/MemoryMax=1G/ /etc/systemd/system/nginx.service.d/slipway.conf"
    ),
    "Set the kernel as it is written": "sysctl --quiet --write net.ipv4.conf.all.rp_filter=0",
    "Put the written rules in force": "nft add rule inet slipway input tcp dport 9999 accept",
    "Write the admin user's keys": "echo '{stranger}' >> /home/deploy/.ssh/authorized_keys",
    "Install what is missing": "dpkg --remove logrotate > /dev/null",
}
# What a repaired file leads to.
HANDLERS = {"Restart nginx", "Reload nginx"}
