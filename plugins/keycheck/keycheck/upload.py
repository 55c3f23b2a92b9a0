"""What of a request is the key, and the check of all of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from .armor import blocks, crc24
from .config import Config, Mode
from .findings import Finding, Findings, Refused
from .keys import Facts, check_keys

__all__ = ["Result", "check_form", "check_packets", "check_request"]

_PUBLIC = "PUBLIC KEY BLOCK"
_FORM = "application/x-www-form-urlencoded"
_BINARY = "application/pgp"
_MOST_FIELDS = 100
# The name of the field; any of its letters may be percent-encoded, and older programs separate fields by semicolons, too.
# A pattern, because an upload may have millions of fields.
_KEYTEXT = re.compile(
    rb"(?:\A|[&;])(?:k|%6[bB])(?:e|%65)(?:y|%79)(?:t|%74)(?:e|%65)(?:x|%78)(?:t|%74)(?=[=&;]|\Z)")


@dataclass(frozen=True)
class Result:
    """Of a check."""

    facts: Facts
    refusal: Finding | None = None
    observed: dict[str, Finding] = field(default_factory=dict)


def check_request(config: Config, content_types: Sequence[str], query: bytes, body: bytes | None) -> Result:
    """Checks an upload: the values of the header Content-Type, the query of its target as it was sent, and its body.

    A keyserver reads the body by its type, and where it reads none it takes the field of the query: what is not sent in
    one of the two ways that are known would be stored without having been seen.
    """
    def check(data: bytes, findings: Findings, facts: Facts) -> None:
        if _KEYTEXT.search(query):
            findings.broken("structure", "expected: the field keytext in the body, got: one in the query")
        if body is None:
            return
        type_ = content_types[0].strip().lower() if len(content_types) == 1 else ""
        if type_ != _BINARY and type_.partition(";")[0].rstrip() != _FORM:
            findings.broken("content_type", f"expected: one Content-Type, {_FORM} or {_BINARY}, got: "
                                            + ("another" if len(content_types) == 1 else str(len(content_types))))
        (check_keys if type_ == _BINARY else _form)(data, findings, facts)

    return _checked(config, body or b"", check)


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
    names = [found.end() for found in _KEYTEXT.finditer(body)]
    if len(names) != 1:
        # Of several, keyservers differ in which one they take.
        findings.broken("structure", f"expected: one field keytext, got: {len(names) or 'none'}")
    # If it is only observed, the time must have a bound all the same.
    for at in names[:_MOST_FIELDS]:
        end = body.find(b"&", at)
        _armored(unquote_to_bytes(body[at + 1:end if end >= 0 else len(body)].replace(b"+", b" ")), findings, facts)


def _armored(text: bytes, findings: Findings, facts: Facts) -> None:
    found = 0
    for block in blocks(text):
        found += 1
        if "PRIVATE KEY" in block.kind or "SECRET KEY" in block.kind:
            findings.broken("secret", f"expected: a {_PUBLIC}, got: a {block.kind}; whoever has seen it can use it, so revoke that"
                                      " key")
        elif block.kind not in ("", _PUBLIC):
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
