"""A limit on guessing passwords, by account and over all addresses, for any project that has django.contrib.auth.

An account accepts SLIPWAY_SIGN_IN_TRIES wrong passwords a minute. Beyond that an address that has signed in before
is answered as usual, with the same number of tries of its own. Any other gets a 429 with Retry-After, and its password
is not checked. It gets a try within a minute while at most that number of addresses wait; of more, each try is drawn by
lot among the subnets (a /24, of IPv6 a /48) that ask. Unknown usernames are treated alike. nginx limits the requests of
one address besides.

A browser that has signed in is recognized at any address, by a cookie (``device``), with tries of its own.

``tries`` has the rules, ``database`` stores the tries, ``guard`` wraps Django's authenticate(), ``middleware`` sends
the 429.
"""
