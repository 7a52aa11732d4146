"""Replaces a secret on a live site: the old one is taken until the new one is where it is needed.

server             brings the vaulted file's secrets to the server
secret_key         SECRET_KEY, with SECRET_KEY_FALLBACKS
access_key         the AWS key of one of our users
database_password  the password in DATABASE_URL
vault_password     the password of the vaulted file
by_hand            the secrets that somebody else gives out

Each may be interrupted between any two steps: the same command again goes on, or begins anew, and loses nothing.
"""
