"""The checks, a module each: a function ``check`` gives a ``Result``."""
