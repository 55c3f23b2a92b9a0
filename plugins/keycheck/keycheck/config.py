"""What an operator may set. README.md explains each rule."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Annotated

import hkp_plugin as hkp

__all__ = ["DEFAULT_LIMITS", "Bytes", "Config", "Count", "Mode", "Rule"]


class Mode(enum.Enum):
    """What happens when a rule is broken."""

    ENFORCE = "enforce"
    """The upload is refused."""
    OBSERVE = "observe"
    """It is noted."""
    OFF = "off"
    """Nothing."""


@dataclass(frozen=True)
class Rule:
    """A rule without a limit."""

    mode: Mode = Mode.ENFORCE


@dataclass(frozen=True)
class Count:
    """At most so many; None: the rule's default."""

    limit: Annotated[int, hkp.Range(0, 1_000_000)] | None = None
    mode: Mode = Mode.ENFORCE


@dataclass(frozen=True)
class Bytes:
    """At most so large; None: the rule's default."""

    limit: Annotated[int, hkp.Size, hkp.Range(0, 64 * 1024 * 1024)] | None = None
    mode: Mode = Mode.ENFORCE


DEFAULT_LIMITS = {
    "upload_size": 8 * 1024 * 1024, "key_size": 1024 * 1024, "packet_size": 128 * 1024, "keys": 100, "packets": 50_000,
    "user_ids": 200, "user_id_length": 2048, "signatures": 5000, "signatures_per_component": 2000}
"""In force where the operator gives none, as when only the mode is given."""


@dataclass(frozen=True)
class Config:
    """One table for each rule, named as in log and annotations."""

    upload_size: Bytes = Bytes()
    key_size: Bytes = Bytes()
    packet_size: Bytes = Bytes()
    keys: Count = Count()
    packets: Count = Count()
    user_ids: Count = Count()
    user_id_length: Bytes = Bytes()
    signatures: Count = Count()
    signatures_per_component: Count = Count()
    secret: Rule = Rule()
    content_type: Rule = Rule()
    structure: Rule = Rule()
    critical: Rule = Rule()
    armor: Rule = Rule()
    # RFC 9580 section 6.1: nothing may be rejected because of it.
    checksum: Rule = Rule(Mode.OBSERVE)

    def mode(self, rule: str) -> Mode:
        """What happens when a rule is broken."""
        mode: Mode = getattr(self, rule).mode
        return mode

    def limit(self, rule: str) -> int:
        """Of a rule that has one."""
        given: int | None = getattr(self, rule).limit
        return DEFAULT_LIMITS[rule] if given is None else given
