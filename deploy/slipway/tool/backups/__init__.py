"""The database's backups, as the deploying machine sees them.

repository  where they are kept: the inventory's variable for the roles
listing     what the bucket holds: generations, and which times can be restored
generation  a generation and its backups, as `listing` returns them
report      the lines of `make backups`
destroyed   what was deleted or replaced with the server's key
reading     reads one of pgBackRest's repositories
info        reads pgBackRest's encrypted files
wal         which WAL is there, and what is missing
versions    copies a generation as it was at a time
bare_server what a deploy to an empty database does with the backups
times       a time as a person gives it
media       puts back uploads that a restored database names
objects     a bucket's objects, page by page, in all versions
drills      the evidence of restore drills in the bucket
escrow      the sheet for paper
database    a dump as a local file, and back
local       fills the development database from the server's
"""
