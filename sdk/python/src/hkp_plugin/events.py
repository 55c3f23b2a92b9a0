"""What happens at the gateway and in other plugins, as plugins hear of it and tell it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Event", "EventBatch"]


@dataclass(frozen=True, slots=True)
class Event:
    """One event. A plugin that publishes sets ``type`` (``plugin.<own name>.…``), ``data``, ``metadata``, ``cluster``."""

    type: str
    data: bytes = b""
    """One JSON object of at most 64 KiB, or nothing; see ``of`` and ``json``."""
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)
    cluster: bool = False
    """Also for the plugins of the other replicas."""
    id: str = ""
    timestamp: int = 0
    """Unix seconds."""
    source: str = ""
    """``gateway`` or a plugin's name."""
    replica: str = ""
    sequence: int = 0

    @staticmethod
    def of(type: str, data: Mapping[str, Any] | None = None, *, cluster: bool = False, **metadata: object) -> Event:
        """Makes an event of things to put into JSON."""
        return Event(type, b"" if data is None else json.dumps(data).encode(),
                     {key: str(value) for key, value in metadata.items()}, cluster)

    def json(self) -> dict[str, Any]:
        """The data as an object; empty when there is none."""
        value = json.loads(self.data) if self.data else {}
        if not isinstance(value, dict):
            raise ValueError(f"event {self.type}: expected: one JSON object, got: {type(value).__name__}")
        return value


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Events, oldest first."""

    events: tuple[Event, ...] = ()
    dropped: int = 0
    """How many were lost before the first of these."""
