"""The tables of the sign-in limit. Names and addresses are hashed with the site's SECRET_KEY."""

from django.db import models


class Account(models.Model):
    """One account's last minute; ``state`` is tries.Account as JSON. A row is deleted soon after."""

    key = models.CharField(max_length=32, primary_key=True)
    state = models.TextField()
    version = models.BigIntegerField()
    changed = models.BigIntegerField(db_index=True)  # s since the epoch

    class Meta:
        default_permissions = ()


class KnownAddress(models.Model):
    """An address from which a user signed in; ``account`` is a digest of their primary key."""

    id = models.BigAutoField(primary_key=True)
    account = models.CharField(max_length=32)
    address = models.CharField(max_length=32)
    seen = models.BigIntegerField(db_index=True)  # s since the epoch

    class Meta:
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=("account", "address"), name="slipway_known_address"),)
