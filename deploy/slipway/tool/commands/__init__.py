"""What a person does with a site, one module a command: ``python -m slipway.tool COMMAND``, or ``make COMMAND``.

A command's module has ``help`` (a line), ``add_arguments(parser)`` and ``run(options)``, which returns the exit status.
It loads what is heavy in ``run``; ``interrupted``, if it is there, is the line after Ctrl-C. A module whose name begins
with an underscore is no command.
"""
