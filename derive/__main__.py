"""``python -m derive``, and the command ``derive``: an interrupt ends them quietly from the first moment on."""

from __future__ import annotations

import signal
import sys


def main() -> int:
    """The command line; its exit status."""
    handler = signal.signal(signal.SIGINT, signal.SIG_DFL)  # while modules are loaded there is nothing to say
    from derive.cli import main as run

    signal.signal(signal.SIGINT, handler)
    return run()


if __name__ == "__main__":
    sys.exit(main())
