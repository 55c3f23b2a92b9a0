"""How a plugin is, for the operator. Nothing here ever restarts a plugin."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Health", "HealthStatus"]


class HealthStatus(enum.IntEnum):
    """How a plugin is."""

    HEALTHY = 1
    DEGRADED = 2
    UNHEALTHY = 3


@dataclass(frozen=True, slots=True)
class Health:
    """A status and one sentence for the operator."""

    status: HealthStatus = HealthStatus.HEALTHY
    message: str = ""
    details: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def healthy(message: str = "", **details: object) -> Health:
        """All is well."""
        return Health(HealthStatus.HEALTHY, message, _texts(details))

    @staticmethod
    def degraded(message: str, **details: object) -> Health:
        """It works, but not as it should."""
        return Health(HealthStatus.DEGRADED, message, _texts(details))

    @staticmethod
    def unhealthy(message: str, **details: object) -> Health:
        """It does not work."""
        return Health(HealthStatus.UNHEALTHY, message, _texts(details))


def _texts(details: Mapping[str, object]) -> dict[str, str]:
    return {key: str(value) for key, value in details.items()}
