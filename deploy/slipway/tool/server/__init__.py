"""The server as the deploying machine sees it: reached over SSH, looked at, described to Ansible, given a release."""
