"""The framing of OpenPGP packets: RFC 9580 section 4.2 (and RFC 4880), whatever may be inside. Never raises but ``Malformed``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Malformed", "Packet", "packets"]

# The only types whose length may be told in parts, or not at all: their content may be a stream.
_STREAMED = frozenset([8, 9, 11, 18, 20])
# In all packets together. Uploads have none, for keys are no streams; a part may be one octet, so that many take long.
_MOST_PARTS = 1000


class Malformed(Exception):
    """What follows cannot be told apart."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet: its type, and where in the data its content is."""

    type: int
    start: int
    """Of the header."""
    content: int
    end: int
    fault: str = ""
    """What is wrong with its header, though its end can be told."""
    parts: int = 0
    """How many lengths of parts it has."""


def packets(data: bytes) -> Iterator[Packet]:
    """The packets in their order; takes time in proportion to their number. ``Malformed`` where one cannot be told apart.

    A packet that is in parts and may not be has a fault; its end is looked for all the same, because whoever only observes
    reads on. So the parts are bounded: with more than 1000 in all of the data, nothing can be told apart.
    """
    at = 0
    end = len(data)
    parts = 0
    while at < end:
        packet = _packet(data, at, _MOST_PARTS - parts)
        parts += packet.parts
        if packet.end > end:
            raise Malformed(f"expected: {packet.end - packet.content} octets of content at {packet.content},"
                            f" got: {max(0, end - packet.content)}")
        yield packet
        at = packet.end


def _packet(data: bytes, start: int, most_parts: int) -> Packet:
    first = data[start]
    if not first & 0x80:
        raise Malformed(f"expected: a packet at octet {start}, got: 0x{first:02x}, which begins none")
    try:
        if first & 0x40:
            return _new(data, start, first & 0x3F, most_parts)
        return _old(data, start, first >> 2 & 0x0F, first & 0x03)
    except IndexError:
        raise Malformed(f"expected: a packet's header at octet {start}, got: the end of the data in it") from None


def _new(data: bytes, start: int, type_: int, most_parts: int) -> Packet:
    length, content, partial = _length(data, start + 1)
    if not partial:
        return Packet(type_, start, content, content + length)
    fault = ""
    if type_ not in _STREAMED:
        fault = f"expected: a packet of type {type_} with its length, got: one in parts"
    elif length < 512:
        fault = f"expected: a first part of at least 512 octets, got: {length}"
    # The content is not put together: nothing of these types is looked into.
    first_content = content
    parts = 0
    while partial:
        parts += 1
        if parts > most_parts:
            raise Malformed(fault or f"expected: at most {_MOST_PARTS} parts of packets, got: more")
        length, content, partial = _length(data, content + length)
    return Packet(type_, start, first_content, content + length, fault, parts)


def _length(data: bytes, at: int) -> tuple[int, int, bool]:
    """A length, where what it counts begins, and whether another one follows behind that."""
    first = data[at]
    if first < 192:
        return first, at + 1, False
    if first < 224:
        return ((first - 192) << 8) + data[at + 1] + 192, at + 2, False
    if first < 255:
        return 1 << (first & 0x1F), at + 1, True
    return _number(data, at + 1, 4), at + 5, False


def _old(data: bytes, start: int, type_: int, kind: int) -> Packet:
    if kind == 3:
        fault = "" if type_ in _STREAMED else f"expected: a packet of type {type_} with its length, got: one without"
        return Packet(type_, start, start + 1, len(data), fault)
    size = 1 << kind
    content = start + 1 + size
    return Packet(type_, start, content, content + _number(data, start + 1, size))


def _number(data: bytes, at: int, size: int) -> int:
    if at + size > len(data):
        raise IndexError(at)
    return int.from_bytes(data[at:at + size])
