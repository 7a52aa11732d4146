"""Management commands for the server: `make shell COMMAND=…`."""
