import time

import pytest
from keycheck.armor import blocks, crc24
from openpgp import armor, key

DATA = key()
# What Go's library takes for white space, as UTF-8.
BLANKS = [b" ", b"\t", b"\v", b"\f", b"\r", b"\xc2\x85", b"\xc2\xa0", b" \v\xc2\xa0 ", b" " * 200, "\u1680\u2003\u3000".encode()]


def test_the_checksum_is_that_of_the_rfc():
    # RFC 9580 section 6.1.1, by one octet at a time.
    def plain(data):
        crc = 0xB704CE
        for octet in data:
            crc ^= octet << 16
            for _ in range(8):
                crc <<= 1
                if crc & 0x1000000:
                    crc ^= 0x1864CFB
        return crc & 0xFFFFFF

    for data in (b"", b"a", b"ab", b"abc", bytes(range(256)) * 3, b"123456789"):
        assert crc24(data) == plain(data)
    assert crc24(b"123456789") == 0x21CF02


@pytest.mark.parametrize("text", [
    armor(DATA), armor(DATA, checksum=None), armor(DATA, end="\r\n"), armor(DATA, headers="Version: 1\nComment: a: b"),
    b"Dear keyserver,\n" + armor(DATA) + b"\nyours\n", armor(DATA).replace(b"\n", b" \t\n"),
    armor(DATA).replace(b"\n\n", b"\n"), armor(DATA).rstrip(b"\n"),
    *(blank + armor(DATA).replace(b"-----\n", b"-----" + blank + b"\n", 1) for blank in BLANKS),
    *(b"hello\n" + blank + armor(DATA) for blank in BLANKS)])
def test_blocks(text):
    (block,) = blocks(text)
    assert (block.kind, block.data, block.fault) == ("PUBLIC KEY BLOCK", DATA, "")
    assert block.checksum in (None, crc24(DATA))


def test_several_blocks():
    found = list(blocks(armor(DATA) + armor(b"x", "SIGNATURE") + armor(DATA)))
    assert [block.kind for block in found] == ["PUBLIC KEY BLOCK", "SIGNATURE", "PUBLIC KEY BLOCK"]


@pytest.mark.parametrize(("text", "fault"), [
    (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n", "got: the end of the text"),
    (armor(DATA).replace(b"-----END", b"!\n-----END"), "the end of the block behind its checksum, got: more"),
    (armor(DATA, headers="A: b\n" * 101), "at most 100 headers"),
    (armor(DATA, headers=" " * 100 + "A: b"), "a key of at most 96 octets"),
    (armor(DATA, headers="A" * 96 + ": b"), "a key of at most 96 octets"),
    (armor(DATA, checksum=None).replace(b"\n-----END", b"!\n-----END"), "expected: base64"),
    (armor(DATA, checksum=None).replace(b"\n-----END", b"A\n-----END"), "expected: base64")])
def test_what_is_no_armor(text, fault):
    (block,) = blocks(text)
    assert block.data is None and fault in block.fault


def test_a_text_without_armor_has_no_blocks():
    for text in (b"", b"hello", b"-----END PGP PUBLIC KEY BLOCK-----\n", b"----BEGIN PGP PUBLIC KEY BLOCK-----\n"):
        assert list(blocks(text)) == []


BEGIN, END = b"-----BEGIN PGP PUBLIC KEY BLOCK-----", b"-----END PGP PUBLIC KEY BLOCK-----"


@pytest.mark.parametrize(("text", "faults"), [
    (b"x" + BEGIN + b"\n\nAAAA\n" + END, 1), (BEGIN + b"x\n\nAAAA\n" + END, 1), (b"> " + BEGIN + b"\n\nAAAA\n" + END, 1),
    (b"-----BEGIN PGP " + b"A" * 100 + b"-----\n", 1), (BEGIN.lower().replace(b"begin", b"BEGIN") + b"\n\nAAAA\n" + END, 1),
    (b"-----BEGIN PUBLIC KEY-----\n", 1), (b"\x85" + BEGIN + b"\n\nAAAA\n" + END, 1), (BEGIN + b" " * 300 + b"x\n" + END, 1),
    (BEGIN + b" " * 10_000, 1),
    # In a header, in the text, in the line of the end, and before the first block.
    (armor(DATA, headers="Comment: -----BEGIN PGP X-----"), 2), (armor(DATA).replace(b"\n=", b"\n-----BEGIN \n=", 1), 2),
    (armor(DATA) + END + BEGIN + b"\n\nAAAA\n" + END, 1), (armor(DATA).rstrip(b"\n") + armor(DATA), 1),
    (BEGIN + b" x\n\nAAAA\n" + armor(DATA), 1)])
def test_a_beginning_that_is_not_read_as_a_block_is_a_fault(text, faults):
    """Other programs may read it: the library of Go takes the first line that begins so, without what is around it."""
    found = list(blocks(text))
    assert sum(bool(block.fault) for block in found) == faults, found
    # Each of them is accounted for.
    assert len(found) == text.count(b"-----BEGIN ")


def test_a_block_behind_one_without_an_end_is_read():
    found = list(blocks(BEGIN + b"\n" + armor(DATA)))
    assert [block.data for block in found] == [None, DATA]


@pytest.mark.parametrize("text", [
    (b"-----BEGIN PGP X-----\n" + b":" * 5000 + b"\n-----END PGP X-----\n") * 800, b"-----BEGIN PGP X-----\n" * 200_000,
    b"-----BEGIN PGP X-----" + b" " * 4_000_000, b"-----BEGIN PGP X-----\n" + b":\n" * 2_000_000 + b"-----END PGP X-----",
    b"-----BEGIN PGP X-----\n\n" + b"=AAAA\n" * 700_000 + b"-----END PGP X-----", b"-----BEGIN " * 400_000,
    b"-----BEGIN PGP X-----\n" * 200_000 + b"-----END PGP X-----", b" " * 4_000_000 + b"-----BEGIN PGP X-----",
    b"-----BEGIN PGP X-----\n-----END PGP X-----\n" * 100_000])
def test_hostile_texts_take_time_in_proportion(text):
    begin = time.process_time()
    for _ in blocks(text):
        pass
    # Some tenths of a second of processor time here.
    assert time.process_time() - begin < 10
