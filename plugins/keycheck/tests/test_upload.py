"""The rules, with packets by hand."""

import random
import time
from urllib.parse import quote_from_bytes

import pytest
from hkp_plugin.config import decode
from keycheck.config import DEFAULT_LIMITS, Config
from keycheck.upload import check_form, check_packets, check_request
from openpgp import KEY, SIGNATURE, armor, key, new, old


DEFAULT = decode(Config, {})[0]
OBSERVING = decode(Config, {name: {"mode": "observe"} for name in vars(DEFAULT)})[0]


SPELLINGS = [b"%6beytext", b"%6Beytext", b"k%65ytext", b"%6b%65%79%74%65%78%74"]


def config(**rules):
    return decode(Config, rules)[0] if rules else DEFAULT


def form(data):
    return b"keytext=" + quote_from_bytes(data).encode()


def refused(data, **rules):
    refusal = check_packets(config(**rules), data).refusal
    return (refusal.rule, refusal.status) if refusal else None


def test_a_key_passes():
    data = key(new(2, SIGNATURE), new(13, b"alice"), new(2, SIGNATURE), new(14, KEY), new(2, SIGNATURE))
    result = check_packets(config(), data)
    assert result.refusal is None and result.observed == {}
    assert (result.facts.keys, result.facts.user_ids, result.facts.signatures, result.facts.packets) == (1, 1, 3, 6)
    assert len(result.facts.first_fingerprint) == 40
    assert check_form(config(), form(armor(data))).refusal is None
    assert check_form(config(), b"options=nm&" + form(armor(data)) + b"&x=1").refusal is None
    assert refused(data + data) is None
    assert refused(old(6, KEY) + old(13, b"a") + old(2, SIGNATURE)) is None


@pytest.mark.parametrize(("data", "rules", "expected"), [
    (key(), {"upload_size": {"limit": 50}}, ("upload_size", 413)),
    (key(new(13, bytes(100))), {"key_size": {"limit": 150}}, ("key_size", 413)),
    (key(new(17, bytes(3000))), {"packet_size": {"limit": 2999}}, ("packet_size", 413)),
    (key(new(17, bytes(3000))), {"packet_size": {"limit": 3000}}, None),
    (key() * 3, {"keys": {"limit": 2}}, ("keys", 422)),
    (key(new(13)), {"packets": {"limit": 1}}, ("packets", 422)),
    (key(new(13), new(17)), {"user_ids": {"limit": 1}}, ("user_ids", 422)),
    (key(new(13)) + key(new(13)), {"user_ids": {"limit": 1}}, None),
    (key(new(13, b"abc")), {"user_id_length": {"limit": 2}}, ("user_id_length", 422)),
    (key(new(13), *[new(2, SIGNATURE)] * 3), {"signatures": {"limit": 2}}, ("signatures", 422)),
    (key(*[new(2, SIGNATURE)] * 2, new(13), *[new(2, SIGNATURE)] * 2, new(14, KEY), *[new(2, SIGNATURE)] * 2),
     {"signatures_per_component": {"limit": 2}}, None),
    (key(*[new(2, SIGNATURE)] * 3), {"signatures_per_component": {"limit": 2}}, ("signatures_per_component", 422)),
    (key(new(13), *[new(2, SIGNATURE)] * 3), {"signatures_per_component": {"limit": 2}}, ("signatures_per_component", 422)),
    (new(5, KEY), {}, ("secret", 422)),
    (key(new(7, KEY)), {}, ("secret", 422)),
    (b"", {}, ("structure", 422)),
    (new(2, SIGNATURE), {}, ("structure", 422)),
    (new(13, b"a") + key(), {}, ("structure", 422)),
    (key(new(11, b"data")), {}, ("structure", 422)),
    (key(new(0)), {}, ("structure", 422)),
    (key() + b"\x00", {}, ("structure", 422)),
    (key()[:-1], {}, ("structure", 422)),
    (key(b"\xcd\xe0a\x00"), {}, ("structure", 422)),
    (b"\x9b" + KEY, {}, ("structure", 422)),
    (new(6, b"\x04\0\0"), {}, ("structure", 422)),
    (new(6, b"\x09" + bytes(50)), {}, ("structure", 422)),
    (key(new(14, b"")), {}, ("structure", 422)),
    (key(new(2, b"")), {}, ("structure", 422)),
    (key(new(2, b"\x03abc")), {}, ("structure", 422)),
    (key(new(2, b"\x04\x13\x16\x0a\x00\xff")), {}, ("structure", 422)),
    (key(new(2, b"\x04\x13\x16\x0a\x00\x00\x00\x05abc")), {}, ("structure", 422)),
    (key(new(2, b"\x06\x13\x16\x0a\xff\xff\xff\xff")), {}, ("structure", 422)),
    (key(new(2, b"\x09anything")), {}, None),
    (key(new(22)), {}, ("critical", 422)),
    (key(new(39, b"x")), {}, ("critical", 422)),
    (key(new(40, b"x"), new(63)), {}, None),
    (new(10, b"PGP") + key(new(12, b"x"), new(21, b"x")), {}, None),
])
def test_rules(data, rules, expected):
    assert refused(data, **rules) == expected
    if expected:
        name = expected[0]
        observing = config(**{**rules, name: {**rules.get(name, {}), "mode": "observe"}})
        result = check_packets(observing, data)
        assert result.refusal is None or result.refusal.rule != name
        assert name in result.observed
        off = config(**{**rules, name: {**rules.get(name, {}), "mode": "off"}})
        assert name not in check_packets(off, data).observed


@pytest.mark.parametrize(("body", "rule"), [
    (b"", "structure"), (b"x=1", "structure"), (b"keytext=", "armor"), (b"keytext=hello", "armor"),
    (form(armor(key())) + b"&" + form(armor(key())), "structure"), (form(key()), "armor"),
    (form(armor(key(), "PRIVATE KEY BLOCK")), "secret"), (form(armor(new(5, KEY))), "secret"),
    (form(armor(key(), "MESSAGE")), "armor"), (form(armor(key()) + armor(new(5, KEY))), "secret"),
    (form(armor(key())[:-40]), "armor"), (form(armor(b"")), "structure"),
    # What Hockeypuck would read in place of the key that is fine.
    (form(b" " + armor(new(5, KEY)) + armor(key())), "secret"), (form(b"\xc2\xa0" + armor(new(5, KEY)) + armor(key())), "secret"),
    (form(b"x " + armor(new(5, KEY)) + armor(key())), "armor"), (form(armor(key()) + b"-----BEGIN "), "armor"),
    *(((name + b"=" + form(armor(new(5, KEY)))[8:] + b"&" + form(armor(key()))), "structure") for name in SPELLINGS),
    *(((form(armor(key())) + b"&" + name + b"=" + form(armor(new(5, KEY)))[8:]), "structure") for name in SPELLINGS),
    *((name + b"=" + form(armor(new(5, KEY)))[8:], "secret") for name in SPELLINGS),
    (b"keytext&" + form(armor(key())), "structure"), (form(armor(key())) + b"&keytext", "structure"),
    (b"x=1;" + form(armor(new(5, KEY))) + b"&" + form(armor(key())), "structure")])
def test_forms(body, rule):
    assert check_form(config(), body).refusal.rule == rule


@pytest.mark.parametrize("name", [b"Keytext", b"keytex", b"keytext2", b"xkeytext", b"%256beytext", b"%6beytext%00", b"key+text"])
def test_other_fields_are_none(name):
    assert check_form(config(), name + b"=x&" + form(armor(key()))).refusal is None


FORM, BINARY = "application/x-www-form-urlencoded", "application/pgp"


@pytest.mark.parametrize(("types", "query", "body", "expected"), [
    ([FORM], b"", form(armor(key())), None), (["Application/X-WWW-Form-Urlencoded ; charset=UTF-8"], b"", form(armor(key())), None),
    ([BINARY], b"", key(), None), ([FORM], b"options=mr", form(armor(key())), None),
    # Each of these has Hockeypuck read the query in place of the body.
    *(([type_], b"", form(armor(key())), ("content_type", 415)) for type_ in (
        "", "text/plain", "multipart/form-data; boundary=x", "application/octet-stream", "application/pgp-keys",
        "application/pgp; x=y", "text/plain, " + FORM)),
    ([], b"", form(armor(key())), ("content_type", 415)), ([BINARY, FORM], b"", key(), ("content_type", 415)),
    ([FORM], b"keytext=x", form(armor(key())), ("structure", 422)), ([BINARY], b"a&%6Beytext=x", key(), ("structure", 422)),
    ([], b"keytext=x", None, ("structure", 422)), ([], b"op=get", None, None), ([FORM], b"", b"", ("structure", 422))])
def test_where_a_keyserver_looks(types, query, body, expected):
    refusal = check_request(config(), types, query, body).refusal
    assert ((refusal.rule, refusal.status) if refusal else None) == expected
    if expected:
        observing = check_request(config(**{expected[0]: {"mode": "observe"}}), types, query, body)
        assert expected[0] in observing.observed


def test_the_checksum_is_observed_unless_enforced():
    body = form(armor(key(), checksum=1))
    result = check_form(config(), body)
    assert result.refusal is None and list(result.observed) == ["checksum"]
    assert check_form(config(checksum={"mode": "enforce"}), body).refusal.rule == "checksum"
    assert check_form(config(checksum={"mode": "off"}), body).observed == {}
    assert check_form(config(checksum={"mode": "enforce"}), form(armor(key()))).refusal is None


def test_defaults():
    assert config(signatures={"mode": "observe"}).limit("signatures") == DEFAULT_LIMITS["signatures"] == 5000
    assert config(signatures={"limit": 0}).limit("signatures") == 0
    with pytest.raises(ValueError, match=r"'signatures.mode': expected: one of enforce, observe, off, got: \"on\""):
        config(signatures={"mode": "on"})
    with pytest.raises(ValueError, match="'key_size.limit': expected: a size"):
        config(key_size={"limit": "big"})


def test_random_octets_never_crash_it():
    chance = random.Random(20261129)
    for number in range(3000):
        data = chance.randbytes(chance.randrange(400))
        for given in (data, key() + data, key(new(13, b"alice"), new(2, SIGNATURE)) + data):
            check_packets(config(), given)
        check_form(config(), b"keytext=" + data)
        check_form(config(), form(armor(data)))


def test_changed_keys_never_crash_it():
    chance = random.Random(20261130)
    whole = key(new(2, SIGNATURE), new(13, b"alice"), old(2, SIGNATURE), new(14, KEY), new(2, SIGNATURE))
    text = armor(whole)
    for _ in range(3000):
        data, lines = bytearray(whole), bytearray(text)
        for _ in range(chance.randrange(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
            lines[chance.randrange(len(lines))] = chance.randrange(256)
        check_packets(config(), bytes(data))
        check_packets(OBSERVING, bytes(data[:chance.randrange(len(data))]))
        check_form(OBSERVING, form(bytes(lines)))


@pytest.mark.parametrize("data", [
    key(new(13), *[new(2, SIGNATURE)] * 300_000), key(*[new(63)] * 3_000_000), key(*[new(13)] * 3_000_000),
    b"\xff" * 7_000_000, b"\xcb" + b"\xe0x" * 3_000_000, key() * 100_000, random.Random(1).randbytes(8_000_000)],
    ids=["signatures", "unknown", "user ids", "octets", "parts", "keys", "random"])
def test_hostile_uploads_are_refused_in_bounded_time(data):
    begin = time.process_time()
    assert check_packets(config(), data).refusal is not None
    # Less than a second of processor time here.
    assert time.process_time() - begin < 10
