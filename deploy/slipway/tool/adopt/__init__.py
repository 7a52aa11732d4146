"""Takes a Django project of somebody's into project/ of this clone: `make adopt FROM=../mysite`.

Nothing outside the clone changes. All is made in a folder beside it first, and exchanged at the end.
"""
