"""``python -m derive``, and the command ``derive``: an interrupt ends them quietly from the first moment on."""

from __future__ import annotations

import sys

try:
    import signal
except KeyboardInterrupt:
    sys.exit(130)


def main() -> int:
    """The command line; its exit status."""
    try:
        handler = signal.signal(signal.SIGINT, signal.SIG_DFL)  # while modules are loaded there is nothing to say
    except KeyboardInterrupt:
        return 130
    from derive.cli import main as run

    signal.signal(signal.SIGINT, handler)
    return run()


if __name__ == "__main__":
    sys.exit(main())
