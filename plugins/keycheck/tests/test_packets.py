import keycheck.packets as packets_module
import pytest
from keycheck.packets import Malformed, packets
from openpgp import new, old


def read(data):
    return [(packet.type, data[packet.content:packet.end]) for packet in packets(data)]


@pytest.mark.parametrize("size", [0, 1, 191, 192, 8383, 8384, 70_000])
def test_new_headers(size):
    assert read(new(13, bytes(size)) + new(2, b"x")) == [(13, bytes(size)), (2, b"x")]


@pytest.mark.parametrize(("size", "kind"), [(0, 0), (255, 0), (256, 1), (65_535, 1), (65_536, 2)])
def test_old_headers(size, kind):
    assert read(old(13, bytes(size), kind) + old(2, b"x", 0)) == [(13, bytes(size)), (2, b"x")]


def test_a_long_form_for_a_short_length_is_fine():
    assert read(b"\xcd\xff\x00\x00\x00\x02ab") == [(13, b"ab")]


def test_partial_lengths():
    parts = b"\xe9" + bytes(512) + b"\xe1" + b"ab" + b"\x03abc"
    (literal,) = packets(b"\xcb" + parts)
    assert not literal.fault and literal.end == 1 + len(parts)
    (signature,) = packets(b"\xc2" + parts)
    assert "of type 2 with its length, got: one in parts" in signature.fault
    (short,) = packets(b"\xcb\xe8" + bytes(256) + b"\x00")
    assert "at least 512 octets, got: 256" in short.fault


@pytest.mark.parametrize("first", [b"\xc2", b"\xcb", b"\xcb\xe9" + bytes(512)])
def test_the_parts_of_an_upload_are_bounded(monkeypatch, first):
    """A part may be one octet: of 8 MB that is nothing else, no more than a few lengths are read."""
    read_lengths = 0
    original = packets_module._length

    def counted(data, at):
        nonlocal read_lengths
        read_lengths += 1
        return original(data, at)

    monkeypatch.setattr(packets_module, "_length", counted)
    with pytest.raises(Malformed):
        read(first + b"\xe0x" * 4_000_000)
    assert read_lengths <= 1002


def test_the_bound_is_for_all_packets_together():
    packet = b"\xcb\xe9" + bytes(512) + b"\xe0x" * 399 + b"\x00"
    assert len(read(packet * 2)) == 2
    with pytest.raises(Malformed, match="at most 1000 parts"):
        read(packet * 3)


def test_without_a_length():
    (literal,) = packets(b"\xaf" + b"abc")
    assert (literal.type, literal.fault, literal.end) == (11, "", 4)
    (key,) = packets(b"\x9b" + b"abc")
    assert "of type 6 with its length, got: one without" in key.fault


@pytest.mark.parametrize(("data", "message"), [
    (b"\x00", "got: 0x00, which begins none"), (b"\x7f", "got: 0x7f"), (b"\xc6", "got: the end of the data"),
    (b"\xc6\x05abc", "expected: 5 octets of content at 2, got: 3"), (b"\xc6\xc0", "got: the end of the data"),
    (b"\xc6\xff\x00\x00", "got: the end of the data"), (b"\xc6\xff\xff\xff\xff\xff", "expected: 4294967295 octets"),
    (b"\x99\x01", "got: the end of the data"), (b"\x9a\xff\xff\xff\xff", "expected: 4294967295 octets"),
    (b"\xcb\xe9abc", "got: the end of the data"), (b"\xcb\xfe", "got: the end of the data"),
    (new(6, b"x") + b"\x00", "at octet 3, got: 0x00")])
def test_what_cannot_be_told_apart(data, message):
    with pytest.raises(Malformed, match=message):
        read(data)


def test_nothing_is_nothing():
    assert read(b"") == []
