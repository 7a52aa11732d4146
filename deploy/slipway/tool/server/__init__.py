"""The server, from the deploying machine: SSH, facts, the Ansible inventory and playbook, the upload of releases."""
