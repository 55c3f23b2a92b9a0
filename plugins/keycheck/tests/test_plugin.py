"""The plugin as the gateway sees it, with keys that gpg makes."""

import re
import tomllib
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest
from hkp_plugin import Allow, Respond
from hkp_plugin.config import decode
from hkp_plugin.testing import ALL_GRANTS, Harness
from keycheck.config import Config
from keycheck.packets import packets
from keycheck.plugin import KeyCheck
from openpgp import armor, key, new

ROOT = Path(__file__).resolve().parents[1]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BINARY = {"Content-Type": "application/pgp"}


def add(text, path="/pks/add"):
    return {"line": f"POST {path}", "body": b"keytext=" + quote_from_bytes(text).encode(), "headers": FORM}


def ask(plugin, given):
    given = dict(given)
    return plugin.handle(given.pop("line"), **given)


@pytest.fixture
def plugin():
    with Harness(KeyCheck, name="keycheck") as harness:
        yield harness


@pytest.fixture(scope="session")
def alice(gpg):
    """A key with two user ids and a subkey."""
    fingerprint = gpg.generate("Alice Lab <alice@lab.example>")
    gpg.run("--quick-add-uid", fingerprint, "Alice Home <alice@home.example>")
    gpg.run("--quick-add-key", fingerprint, "cv25519", "encr", "0")
    return fingerprint


@pytest.mark.parametrize("algorithm", ["ed25519", "rsa2048", "nistp256", "dsa2048"])
def test_keys_of_gpg_pass(plugin, gpg, algorithm):
    fingerprint = gpg.generate(f"Test {algorithm} <{algorithm}@lab.example>", algorithm)
    for text in (gpg.run("--armor", "--export", fingerprint), gpg.run("--armor", "--export", fingerprint).replace(b"\n", b"\r\n")):
        decision = ask(plugin, add(text))
        assert isinstance(decision, Allow), decision
        assert decision.annotations["facts"] == "keys=1 user_ids=1 signatures=1 packets=3"
    decision = plugin.handle("POST /pks/v2/certs", body=gpg.run("--export", fingerprint), headers=BINARY)
    assert isinstance(decision, Allow)


def test_a_key_with_all_that_there_is_passes_with_its_fingerprint(plugin, gpg, alice, caplog):
    text = gpg.run("--armor", "--export", alice)
    assert ask(plugin, add(text)).annotations["facts"] == "keys=1 user_ids=2 signatures=3 packets=7"
    assert ask(plugin, add(text, "/pks/v2/certs")).annotations["facts"] == "keys=1 user_ids=2 signatures=3 packets=7"
    with caplog.at_level("INFO"), Harness(KeyCheck, {"user_ids": {"limit": 1}}) as strict:
        assert ask(strict, add(text)).status == 422
    assert [record.fingerprint for record in caplog.records] == [alice]


def test_several_keys_in_one_upload(plugin, gpg, alice):
    second = gpg.generate("Second <second@lab.example>")
    assert ask(plugin, add(gpg.run("--armor", "--export", alice, second))).annotations["facts"].startswith("keys=2 ")


def test_secret_keys_are_refused_and_not_quoted(plugin, gpg, alice):
    for given in (add(gpg.run("--armor", "--export-secret-keys", alice)),
                  {"line": "POST /pks/v2/certs", "body": gpg.run("--export-secret-keys", alice), "headers": BINARY},
                  add(armor(gpg.run("--export-secret-keys", alice)))):
        decision = ask(plugin, given)
        assert decision.status == 422 and "SECRET" in decision.body_text.upper() and "revoke" in decision.body_text
        assert decision.annotations == {"rule": "secret"}
        assert len(decision.body_text) < 300


def test_a_poisoned_key_is_refused(plugin, gpg, alice):
    """Thousands of signatures: those that gpg made, over and over, as a flooded key has them."""
    data = gpg.run("--export", alice)
    found = list(packets(data))
    first = next(packet for packet in found if packet.type == 2)
    signature = data[first.start:first.end]
    poisoned = data[:first.end] + signature * 6000 + data[first.end:]
    assert len(poisoned) < 1024 * 1024
    for given in (add(armor(poisoned)), {"line": "POST /pks/v2/certs", "body": poisoned, "headers": BINARY}):
        decision = ask(plugin, given)
        assert (decision.status, decision.annotations["rule"]) == (422, "signatures_per_component")
        assert "signatures of user id 1, at most 2000, got: 2001" in decision.why
    with Harness(KeyCheck, {"signatures_per_component": {"mode": "observe"}, "signatures": {"mode": "observe"}}) as observing:
        decision = ask(observing, add(armor(poisoned)))
        assert isinstance(decision, Allow)
        assert decision.annotations["observed"] == "signatures_per_component,signatures"
        assert observing.health().details == {"checked": "1", "refused": "0", "observed": "1"}


@pytest.mark.parametrize("change", [
    lambda text: text[:len(text) // 2], lambda text: text.replace(b"=\n-----END", b"\n-----END").replace(b"A", b"", 1),
    lambda text: text.replace(b"PUBLIC KEY", b"MESSAGE"), lambda text: b"", lambda text: text.replace(b"-----BEGIN", b"----BEGIN")])
def test_broken_uploads_are_refused(plugin, gpg, alice, change):
    assert ask(plugin, add(change(gpg.run("--armor", "--export", alice)))).status == 422


def test_too_large(plugin):
    decision = ask(plugin, add(armor(key(*[new(17, bytes(120_000))] * 10))))
    assert (decision.status, decision.annotations["rule"]) == (413, "key_size")


def test_what_is_no_upload_is_not_looked_into(plugin):
    for line in ("GET /pks/lookup?op=get&search=0xabcdef01", "POST /pks/hashquery", "POST /other", "POST /pks/delete"):
        assert plugin.handle(line, body=b"\x00\x01" if line.startswith("POST") else None) == Allow()
    assert plugin.handle("POST /pks/add") == Allow()
    assert plugin.health().details["checked"] == "0"


def test_what_a_keyserver_would_read_elsewhere_is_refused(plugin):
    body = add(armor(key()))["body"]
    decision = plugin.handle("POST /pks/add", body=body, headers={"Content-Type": "text/plain"})
    assert (decision.status, decision.annotations["rule"]) == (415, "content_type")
    assert plugin.handle("POST /pks/add", body=body).status == 415
    assert plugin.handle("POST /pks/add?keytext=x").status == 422
    assert plugin.handle("POST /pks/add?a=b&k%65ytext=x", body=body, headers=FORM).status == 422
    assert isinstance(plugin.handle("POST /pks/add?a=b", body=body, headers=FORM), Allow)


def test_what_it_was_not_shown_is_refused(plugin):
    decision = plugin.handle("POST /pks/add", body=b"keytext=abc", prefix=5)
    assert decision.status == 413 and "all of the upload" in decision.why


def test_without_the_grant_it_refuses_to_run():
    with pytest.raises(ValueError, match="expected: the grant http.request.body"), Harness(
            KeyCheck, grants=ALL_GRANTS - {"http.request.body"}):
        pass


def test_uploads_at_once(plugin, gpg, alice):
    from hkp_plugin.testing import request

    good, bad = add(gpg.run("--armor", "--export", alice)), add(b"hello")
    requests = [request(**(good if number % 2 else bad)) for number in range(30)]
    assert [type(one) for one in plugin.handle_all(*requests)] == [Respond, Allow] * 15


def test_manifest_readme_and_defaults_agree():
    manifest = tomllib.loads((ROOT / "plugin.toml").read_text())["plugin"]
    config, unknown = decode(Config, manifest["config"])
    assert unknown == [] and set(manifest["config"]) == set(vars(Config()))
    for name in manifest["config"]:
        assert config.mode(name) is Config().mode(name)
        if "limit" in manifest["config"][name]:
            assert config.limit(name) == Config().limit(name)
    assert tuple(manifest["capabilities"]) == KeyCheck.options.capabilities
    assert manifest["max_message_bytes"] == KeyCheck.options.max_message_bytes
    described = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert described == set(manifest["config"])
