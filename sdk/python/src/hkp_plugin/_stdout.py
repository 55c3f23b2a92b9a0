"""Standard output belongs to the handshake."""

from __future__ import annotations

import os
import sys

__all__ = ["take"]

_handshake: int | None = None


def take() -> int:
    """A new descriptor for the handshake, while descriptor 1 becomes standard error, also for what is written in C.

    The new one is left open, for the gateway may take its end for ours. Called again it gives the same one.
    """
    global _handshake
    if _handshake is None:
        sys.stdout.flush()
        _handshake = os.dup(1)
        os.dup2(2, 1)
        # A pipe would be buffered in blocks, and prints come late.
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    return _handshake
