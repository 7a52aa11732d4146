"""Scripts: modules and their import map, and the names that a browser makes at run time."""
