"""``python -m derive``, and the command ``derive``: an interrupt ends them quietly, from first to last."""

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

    try:
        signal.signal(signal.SIGINT, handler)
        status = run()
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # all is said; Python still joins children, and would tell of it
    except KeyboardInterrupt:
        return 130
    return status


if __name__ == "__main__":
    sys.exit(main())
