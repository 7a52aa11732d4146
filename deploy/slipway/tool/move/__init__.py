"""A site's move from one server to another.

servers   both of them: what is checked before anything changes, and how they reach each other
transfer  what goes from one to the other, through this machine and never onto its disk: certificate, release, database
copy      a database that follows the old server's, by its WAL in the bucket
session   a command of either agent that runs meanwhile
wall      the seconds in which nobody is served
"""
