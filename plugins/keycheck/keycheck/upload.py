"""What of a request is the key, and the check of all of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from .armor import blocks, crc24
from .config import Config, Mode
from .findings import Finding, Findings, Refused
from .keys import Facts, check_keys

__all__ = ["Result", "check_form", "check_packets"]

_PUBLIC = "PUBLIC KEY BLOCK"


@dataclass(frozen=True)
class Result:
    """Of a check."""

    facts: Facts
    refusal: Finding | None = None
    observed: dict[str, Finding] = field(default_factory=dict)


def check_form(config: Config, body: bytes) -> Result:
    """Checks the field ``keytext`` of a form."""
    return _checked(config, body, _form)


def check_packets(config: Config, body: bytes) -> Result:
    """Checks a body of ``application/pgp``: binary packets."""
    return _checked(config, body, check_keys)


def _checked(config: Config, body: bytes, check) -> Result:  # type: ignore[no-untyped-def]
    findings, facts = Findings(config), Facts()
    try:
        findings.at_most("upload_size", len(body), "an upload")
        check(body, findings, facts)
    except Refused as refused:
        return Result(facts, refused.finding, findings.observed)
    return Result(facts, None, findings.observed)


def _form(body: bytes, findings: Findings, facts: Facts) -> None:
    texts = [part[len(b"keytext="):] for part in body.split(b"&") if part.startswith(b"keytext=")]
    if len(texts) != 1:
        # Of several, keyservers differ in which one they take.
        findings.broken("structure", f"expected: one field keytext, got: {len(texts) or 'none'}")
    for text in texts:
        _armored(unquote_to_bytes(text.replace(b"+", b" ")), findings, facts)


def _armored(text: bytes, findings: Findings, facts: Facts) -> None:
    found = 0
    for block in blocks(text):
        found += 1
        if "PRIVATE KEY" in block.kind or "SECRET KEY" in block.kind:
            findings.broken("secret", f"expected: a {_PUBLIC}, got: a {block.kind}; whoever has seen it can use it, so revoke that"
                                      " key")
        elif block.kind != _PUBLIC:
            findings.broken("armor", f"expected: a {_PUBLIC}, got: a {block.kind}")
        if block.data is None:
            findings.broken("armor", block.fault)
            continue
        check_keys(block.data, findings, facts)
        _checksum(block.data, block.checksum, findings)
    if found == 0:
        findings.broken("armor", f"expected: -----BEGIN PGP {_PUBLIC}-----, got: a text without it")


def _checksum(data: bytes, stated: int | None, findings: Findings) -> None:
    if stated is not None and findings.config.mode("checksum") is not Mode.OFF and crc24(data) != stated:
        findings.broken("checksum", "expected: the checksum of the armor to be that of its content, got: another")
