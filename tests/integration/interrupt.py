"""Ctrl-C, for a process that a test starts."""

import signal


def hears_ctrl_c() -> None:
    """As `preexec_fn`: a shell's background job ignores SIGINT, and so would everything that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
