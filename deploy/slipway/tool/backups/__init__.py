"""The database's backups, as the deploying machine sees them.

repository  where they are kept: the inventory's variable for the roles
"""
