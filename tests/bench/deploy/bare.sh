#!/bin/sh
# What `make deploy` is compared with: a release by hand, over one SSH connection. tar, migrate, restart, and no check.
# In the environment: SSH_CONFIG, BUILD (the folder with the manifests of the last build), and the rest below.
set -e
tar -czf - --exclude=__pycache__ --exclude=static --exclude=deploy/slipway/tool project deploy manage.py -C "$BUILD" manifests |
    ssh -F "$SSH_CONFIG" -l deploy "$SERVER" "sudo sh -ec '
        new=$RELEASES/bare.partial
        rm -rf \$new && mkdir -p \$new/build && tar -xzf - -C \$new
        mv \$new/manifests \$new/build && ln -s \$(readlink -f $CURRENT/venv) \$new/venv
        cd \$new && set -a && . $ENVIRONMENT && set +a
        runuser -u $SITE_USER -- venv/bin/python manage.py migrate --noinput >/dev/null
        ln -sfn \$new $CURRENT
        systemctl restart $SITE_UNIT
    '"
