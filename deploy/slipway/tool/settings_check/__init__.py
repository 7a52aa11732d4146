"""Rejects settings that would weaken the site or its promise, with the file and the line that sets each.

assignments  where a settings module, or one that it imports, sets a name
problems     what is wrong, and what is only worth a word
"""
