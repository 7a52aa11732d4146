"""Faults played on a machine with a site on it, under load: what may fail, and what must go on.

catalogue   each drill with its number and what it expects; by itself a table of contents
drill       a drill, and the checks that drills share
releases, locks, migrations, bucket, services, clients, disk, backups, background  the drills, by what breaks
play        the driver: `make drills`
report      the page
"""
