"""A limit on guessing passwords, by account and over all addresses, for any project that has django.contrib.auth.

An account takes SLIPWAY_SIGN_IN_TRIES wrong passwords a minute. Beyond that an address that has signed in to it before
is answered as ever (within the same number of its own); any other is refused unheard and told when to come back. It has
its turn within a minute while no more addresses than that number wait; of more, each turn is drawn among the networks
(a /24, of IPv6 a /48) that ask. Names that no account has are treated alike. nginx limits what one address may send
beside it.

A browser that has signed in is known wherever it is, by a cookie (``device``), with tries of its own.

``tries`` decides, ``ledger`` keeps it in the database, ``guard`` stands before Django's authenticate(), ``middleware``
makes the refusal a 429.
"""
