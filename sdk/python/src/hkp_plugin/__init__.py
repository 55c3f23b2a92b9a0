"""Write a plugin for hkp-gateway in Python: one class, and a main of one line.

Start reading at ``Plugin``. Importing this package imports neither gRPC nor protobuf, so tests of a plugin start fast.
"""

from __future__ import annotations

import os
from typing import Any, NoReturn

from ._stdout import take
from .config import ConfigError, Pattern, Range, Size
from .decision import Allow, Decision, Respond, ResponseChange, allow, deny, keep, respond
from .events import Event, EventBatch
from .health import Health, HealthStatus
from .host import (
    Acquired, Bucket, Count, Host, HostError, HostInfo, Invalid, KeyInfo, KeyPage, KeyQuery, NotGranted, QuotaExceeded,
    StateEntry, Swap, Unavailable)
from .plugin import Options, Plugin, PluginContext
from .request import Body, BodyState, Client, Headers, HkpQuery, Operation, Request, Response

__version__ = "0.1.0.dev0"

__all__ = [
    "Acquired", "Allow", "Body", "BodyState", "Bucket", "Client", "ConfigError", "Count", "Decision", "Event", "EventBatch",
    "Headers", "Health", "HealthStatus", "HkpQuery", "Host", "HostError", "HostInfo", "Invalid", "KeyInfo", "KeyPage",
    "KeyQuery", "NotGranted", "Operation", "Options", "Pattern", "Plugin", "PluginContext", "QuotaExceeded", "Range",
    "Request", "Respond", "Response", "ResponseChange", "Size", "StateEntry", "Swap", "Unavailable", "allow", "deny",
    "keep", "respond", "serve"]

# What an author's modules print while they are imported must not stand before the handshake either.
if "HKP_PLUGIN_COOKIE" in os.environ:
    take()


def serve(plugin: Plugin[Any] | type[Plugin[Any]]) -> NoReturn:
    """Runs a plugin until the gateway or a signal ends it. Never returns: the process exits.

    Call it in the main thread, and nothing else in ``main``.
    """
    # Only here: neither the handshake's refusals nor the tests of an author need gRPC.
    from ._process import serve as run

    run(plugin)
