"""The commands, one module each: ``python -m slipway.tool COMMAND``, or ``make COMMAND``.

A command's module has ``help`` (a line), ``add_arguments(parser)`` and ``run(options)``, which returns the exit status.
It imports heavy modules in ``run``. The optional ``interrupted`` is the line after Ctrl-C. A module whose name begins
with an underscore is no command.
"""
