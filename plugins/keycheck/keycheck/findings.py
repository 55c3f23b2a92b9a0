"""What is wrong with an upload."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .config import Config, Mode

__all__ = ["Finding", "Findings", "Refused", "RuleName"]

RuleName = Literal[
    "upload_size", "key_size", "packet_size", "keys", "packets", "user_ids", "user_id_length", "signatures",
    "signatures_per_component", "secret", "content_type", "structure", "critical", "armor", "checksum"]

_TOO_LARGE = ("upload_size", "key_size", "packet_size")
_MOST = 20


@dataclass(frozen=True)
class Finding:
    """A rule that was broken. The text is for the client and the operator, and quotes nothing of the key."""

    rule: RuleName
    text: str

    @property
    def status(self) -> int:
        """413 for what is too large, for which gpg has words of its own; 415 for another type of body. Else 422."""
        if self.rule in _TOO_LARGE:
            return 413
        return 415 if self.rule == "content_type" else 422


class Refused(Exception):
    """A rule in force was broken: nothing more needs to be looked at."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.text)
        self.finding = finding


@dataclass
class Findings:
    """Collects what is only observed, each rule once, and ends the check by ``Refused`` at the first that is enforced."""

    config: Config
    observed: dict[str, Finding] = field(default_factory=dict)

    def broken(self, rule: RuleName, text: str) -> None:
        """A rule was broken."""
        mode = self.config.mode(rule)
        if mode is Mode.ENFORCE:
            raise Refused(Finding(rule, text))
        if mode is Mode.OBSERVE and len(self.observed) < _MOST:
            self.observed.setdefault(rule, Finding(rule, text))

    def at_most(self, rule: RuleName, found: int, what: str, *arguments: object) -> None:
        """Checks a limit; ``what`` names what was counted, and is only formatted if it is too much."""
        limit = self.config.limit(rule)
        if found > limit:
            self.broken(rule, f"expected: {what.format(*arguments)}, at most {limit}, got: {found} or more")
