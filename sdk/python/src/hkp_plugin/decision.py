"""What a plugin decides about a request, and about the keyserver's answer.

Every decision is immutable; each method returns a changed copy. What HTTP or the gateway would
refuse is refused here, where it is made, with a ``ValueError`` that says what was expected.
"""

from __future__ import annotations

import enum
import math
import string
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Self

__all__ = ["Action", "Allow", "Decision", "HeaderChange", "Respond", "ResponseChange", "allow", "deny", "keep", "respond"]

# The gateway's own bounds on one answer.
MAX_HEADER_CHANGES = 64
MAX_HEADER_BYTES = 64 * 1024
MAX_ANNOTATIONS = 32
MAX_ANNOTATION_BYTES = 8 * 1024
MAX_TARGET_BYTES = 8 * 1024
MAX_DELAY_MS = 2**32 - 1

_TOKEN = frozenset(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")
_RESERVED = frozenset(
    ["host", "content-length", "transfer-encoding", "te", "trailer", "connection", "keep-alive", "upgrade", "expect",
     "via", "traceparent", "forwarded", "x-real-ip"])
_RESERVED_PREFIXES = ("proxy-", "x-forwarded-")
_HARMFUL = frozenset([502, 503, 504])
_WITHOUT_BODY = frozenset([204, 205, 304])
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Action(enum.Enum):
    """What a change does to a header."""

    SET = 1
    """Replaces every value of the name."""
    APPEND = 2
    """Adds one more value."""
    REMOVE = 3
    """Removes every value."""


@dataclass(frozen=True, slots=True)
class HeaderChange:
    """One change of header fields: ``name`` is a token (RFC 9110), ``value`` is Latin-1 without control characters."""

    action: Action
    name: str
    value: str = ""

    def __post_init__(self) -> None:
        if not self.name or not _TOKEN.issuperset(self.name):
            raise ValueError(f"expected: a header name of letters, digits and !#$%&'*+-.^_`|~, got: {self.name!r}")
        # An underscore counts as a hyphen, because some programs behind the gateway take one for the other.
        folded = self.name.lower().replace("_", "-")
        if folded in _RESERVED or folded.startswith(_RESERVED_PREFIXES):
            raise ValueError(f"expected: a header that a plugin may write, got: {self.name}, which only the gateway writes")
        for character in self.value:
            if not (character == "\t" or (" " <= character <= "\xff" and character != "\x7f")):
                raise ValueError(
                    f"expected: a value of header {self.name} without control characters and characters beyond Latin-1,"
                    f" got: {self.value!r}")


@dataclass(frozen=True, slots=True)
class _Noted:
    """What every decision may carry."""

    response_headers: tuple[HeaderChange, ...] = ()
    """Changes of the headers that the client will get, in order."""
    annotations: Mapping[str, str] = field(default_factory=lambda: _NOTHING, hash=False)
    """Notes for later plugins, log and metrics, without the plugin's name, which the gateway puts in front."""
    why: str = ""
    """For log and console; the client never sees it. Set by ``reason``."""

    def annotate(self, key: str, value: object) -> Self:
        """Leaves a note (``str(value)``) for later plugins, log and metrics. At most 32 of them and 8 KiB."""
        notes = {**self.annotations, key: str(value)}
        size = sum(len(name) + len(text) for name, text in notes.items())
        if not key or len(notes) > MAX_ANNOTATIONS or size > MAX_ANNOTATION_BYTES:
            raise ValueError(
                f"annotations: expected: at most {MAX_ANNOTATIONS} with a key each, and {MAX_ANNOTATION_BYTES} characters,"
                f" got: {len(notes)} with {size} characters, the last one named {key!r}")
        return replace(self, annotations=MappingProxyType(notes))

    def reason(self, text: str) -> Self:
        """Says why, in one line, for the operator."""
        return replace(self, why=text)

    def response_header(self, name: str) -> str | None:
        """The last value that this decision gives a response header, for tests."""
        found = None
        for change in self.response_headers:
            if change.name.lower() == name.lower():
                found = None if change.action is Action.REMOVE else change.value
        return found

    def _response(self, action: Action, name: str, value: str = "") -> Self:
        return replace(self, response_headers=_added(self.response_headers, HeaderChange(action, name, value)))


@dataclass(frozen=True, slots=True)
class Decision(_Noted):
    """Either ``Allow`` or ``Respond``."""

    delay_ms: int = 0
    """How long the gateway is to hold the request before it goes on. Set by ``delay``."""

    def set_response_header(self, name: str, value: str) -> Self:
        """Gives the client's answer this header, whoever makes it."""
        return self._response(Action.SET, name, value)

    def add_response_header(self, name: str, value: str) -> Self:
        """Adds one more value to a header of the client's answer."""
        return self._response(Action.APPEND, name, value)

    def delay(self, time: timedelta | float) -> Self:
        """Lets the gateway wait (tarpit), which holds nothing in the plugin. Seconds, or a timedelta; the operator bounds it."""
        milliseconds = _seconds("delay", time) * 1000
        if milliseconds > MAX_DELAY_MS:
            raise ValueError(f"delay: expected: at most {MAX_DELAY_MS} ms, got: {milliseconds:.0f} ms")
        return replace(self, delay_ms=round(milliseconds))


@dataclass(frozen=True, slots=True)
class Allow(Decision):
    """The request goes on: to the next plugin, then to the keyserver. Made by ``allow``."""

    request_headers: tuple[HeaderChange, ...] = ()
    path: str | None = None
    query: str | None = None
    body: bytes | None = field(default=None, repr=False)
    body_type: str = ""

    def set_request_header(self, name: str, value: str) -> Self:
        """Replaces every value of a header on its way to the keyserver; needs the grant ``http.request.modify``."""
        return self._request(Action.SET, name, value)

    def add_request_header(self, name: str, value: str) -> Self:
        """Adds one more value to a header of the request; needs the same grant."""
        return self._request(Action.APPEND, name, value)

    def remove_request_header(self, name: str) -> Self:
        """Removes a header of the request; needs the same grant."""
        return self._request(Action.REMOVE, name)

    def remove_response_header(self, name: str) -> Self:
        """Removes a header of the keyserver's answer."""
        return self._response(Action.REMOVE, name)

    def rewrite(self, *, path: str | None = None, query: str | None = None) -> Self:
        """Gives the request another target; needs the grant ``http.request.rewrite``.

        Both are percent-encoded ASCII and None leaves them as they are; the path starts with a slash, the query has no
        question mark in front and is removed by the empty text.
        """
        if path is not None and (not path.startswith("/") or "?" in path):
            raise ValueError(f"rewrite: expected: a path that starts with / and has no question mark, got: {path!r}")
        for text in (path, query):
            if text is not None and any(not "!" <= character <= "~" or character == "#" for character in text):
                raise ValueError(f"rewrite: expected: percent-encoded ASCII without blanks and fragment, got: {text!r}")
        changed = replace(
            self, path=path if path is not None else self.path, query=query if query is not None else self.query)
        size = len(changed.path or "") + len(changed.query or "")
        if size > MAX_TARGET_BYTES:
            raise ValueError(f"rewrite: expected: at most {MAX_TARGET_BYTES} bytes, got: {size}")
        return changed

    def replace_body(self, body: bytes, content_type: str = "") -> Self:
        """Gives the request another body; needs ``http.request.rewrite`` and ``http.request.body``, and a body that was complete."""
        if content_type:
            HeaderChange(Action.SET, "Content-Type", content_type)
        return replace(self, body=bytes(body), body_type=content_type)

    def _request(self, action: Action, name: str, value: str = "") -> Self:
        return replace(self, request_headers=_added(self.request_headers, HeaderChange(action, name, value)))


@dataclass(frozen=True, slots=True)
class Respond(Decision):
    """The request is answered here and now; the keyserver is never called. Made by ``deny`` and ``respond``."""

    status: int = 0
    body: bytes = field(default=b"", repr=False)

    def retry_after(self, wait: timedelta | float) -> Self:
        """Tells the client when to come back: seconds, or a timedelta, rounded up to at least 1 s."""
        return self.set_response_header("Retry-After", str(max(1, math.ceil(_seconds("retry_after", wait)))))

    def text(self, text: str) -> Self:
        """Sets a body of plain text in UTF-8: a sentence for a human; a line end is added when it has none."""
        return self.content("text/plain; charset=utf-8", text if text.endswith("\n") else text + "\n")

    def content(self, content_type: str, body: bytes | str) -> Self:
        """Sets the body (text is sent in UTF-8) in place of an earlier one."""
        data = body.encode() if isinstance(body, str) else bytes(body)
        if data and self.status in _WITHOUT_BODY:
            raise ValueError(f"expected: no body with status {self.status}, got: {len(data)} bytes")
        return replace(self.set_response_header("Content-Type", content_type), body=data)

    @property
    def body_text(self) -> str:
        """The body as text, for tests."""
        return self.body.decode(errors="replace")


@dataclass(frozen=True, slots=True)
class ResponseChange(_Noted):
    """Changes of the keyserver's answer, which cannot be replaced: the key may already be stored. Made by ``keep``."""

    def set_header(self, name: str, value: str) -> Self:
        """Replaces every value of a header."""
        return self._response(Action.SET, name, value)

    def add_header(self, name: str, value: str) -> Self:
        """Adds one more value to a header."""
        return self._response(Action.APPEND, name, value)

    def remove_header(self, name: str) -> Self:
        """Removes a header."""
        return self._response(Action.REMOVE, name)


_ALLOW = Allow()
_KEEP = ResponseChange()


def allow() -> Allow:
    """Go on: to the next plugin, then to the keyserver."""
    return _ALLOW


def deny(status: int) -> Respond:
    """Refuse, with a status from 400 to 599.

    Not 502, 503 and 504: gpg gives a server up that sends them. Good choices: 403 banned, 404 hidden, 413 too big,
    422 bad key, 429 too many requests, 501 switched off.
    """
    return _respond(status, 400)


def respond(status: int) -> Respond:
    """Answer in place of the keyserver, with a status from 200 to 599 except 502, 503 and 504.

    Never 200 for a refused upload: the client would believe that its key was stored.
    """
    return _respond(status, 200)


def keep() -> ResponseChange:
    """Leave the keyserver's answer as it is; the methods of the result change its headers."""
    return _KEEP


def _respond(status: int, least: int) -> Respond:
    if not isinstance(status, int) or not least <= status <= 599 or status in _HARMFUL:
        raise ValueError(
            f"expected: a status from {least} to 599 other than 502, 503 and 504 (gpg gives such a server up), got: {status}")
    return Respond(status=int(status))


def _added(changes: tuple[HeaderChange, ...], change: HeaderChange) -> tuple[HeaderChange, ...]:
    if change.action is Action.SET:
        # The last one holds, so earlier ones of the same name would only take room.
        changes = tuple(other for other in changes if other.name.lower() != change.name.lower())
    everything = (*changes, change)
    size = sum(len(one.name) + len(one.value) for one in everything)
    if len(everything) > MAX_HEADER_CHANGES or size > MAX_HEADER_BYTES:
        raise ValueError(
            f"header changes: expected: at most {MAX_HEADER_CHANGES} and {MAX_HEADER_BYTES} bytes,"
            f" got: {len(everything)} and {size} bytes")
    return everything


def _seconds(what: str, time: timedelta | float) -> float:
    seconds = time.total_seconds() if isinstance(time, timedelta) else float(time)
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"{what}: expected: zero or more seconds, got: {time}")
    return seconds
