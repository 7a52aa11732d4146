"""Rejects settings that would weaken the site or its offload, with the file and the line that sets each.

assignments  where a settings module, or one that it imports, sets a name
problems     the errors and warnings
"""
