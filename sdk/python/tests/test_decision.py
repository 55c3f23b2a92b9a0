import dataclasses
from datetime import timedelta

import pytest
from hkp_plugin import Allow, Respond, allow, deny, keep, respond
from hkp_plugin.decision import Action, HeaderChange


def test_allow():
    assert allow() == Allow() and allow() is allow()
    made = allow().set_request_header("A", "1").add_request_header("a", "2").remove_request_header("B")
    assert [(one.action, one.name, one.value) for one in made.request_headers] == [
        (Action.SET, "A", "1"), (Action.APPEND, "a", "2"), (Action.REMOVE, "B", "")]
    assert allow().request_headers == ()


def test_deny():
    made = deny(429).retry_after(timedelta(milliseconds=1200)).text("Slow down.").reason("limit").annotate("n", 5).delay(1.5)
    assert isinstance(made, Respond)
    assert (made.status, made.body_text, made.why, made.delay_ms) == (429, "Slow down.\n", "limit", 1500)
    assert dict(made.annotations) == {"n": "5"}
    assert made.response_header("retry-after") == "2"
    assert made.response_header("content-type") == "text/plain; charset=utf-8"
    assert deny(400).retry_after(0).response_header("Retry-After") == "1"
    assert deny(422).content("application/json", b"{}").text("x").body == b"x\n"
    assert deny(422).text("x").content("a/b", "y").response_header("Content-Type") == "a/b"


def test_decisions_are_immutable_and_comparable():
    made = deny(429).text("x")
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.status = 200
    with pytest.raises(TypeError):
        made.annotate("a", "b").annotations["c"] = "d"
    assert made == deny(429).text("x") and made != deny(429).text("y")
    hash(made.annotate("a", "b"))


@pytest.mark.parametrize("status", [99, 100, 199, 200, 399, 502, 503, 504, 600, 999, "429", 429.5])
def test_statuses_that_deny_refuses(status):
    with pytest.raises(ValueError, match="expected: a status from 400 to 599 other than 502, 503 and 504"):
        deny(status)


@pytest.mark.parametrize("status", [100, 199, 502, 503, 504, 600])
def test_statuses_that_respond_refuses(status):
    with pytest.raises(ValueError, match="expected: a status from 200 to 599"):
        respond(status)
    assert respond(204).status == 204 and respond(500).status == 500


def test_statuses_without_a_body():
    with pytest.raises(ValueError, match="expected: no body with status 204"):
        respond(204).text("x")
    assert respond(204).content("text/plain", b"").body == b""


@pytest.mark.parametrize("name", [
    "Host", "content-length", "Transfer-Encoding", "TE", "trailer", "Connection", "Keep-Alive", "Proxy-Anything", "Upgrade",
    "Expect", "Forwarded", "X-Forwarded-For", "X_Forwarded_For", "X-Real-IP", "Via", "traceparent"])
def test_headers_that_only_the_gateway_writes(name):
    for change in (allow().set_request_header, allow().set_response_header, deny(403).add_response_header, keep().set_header):
        with pytest.raises(ValueError, match="which only the gateway writes"):
            change(name, "x")


@pytest.mark.parametrize(("name", "value"), [
    ("", "x"), ("a b", "x"), ("a:", "x"), ("ä", "x"), ("A", "x\r\ny"), ("A", "\0"), ("A", "€"), ("A", "\x7f")])
def test_headers_that_http_forbids(name, value):
    with pytest.raises(ValueError, match="expected: a"):
        HeaderChange(Action.SET, name, value)


def test_values_may_have_tabs_and_latin_1():
    assert HeaderChange(Action.SET, "A", "a\té").value == "a\té"


def test_bounds():
    made = allow()
    for number in range(64):
        made = made.add_response_header("A", str(number))
    with pytest.raises(ValueError, match="at most 64"):
        made.add_response_header("A", "x")
    # Only what holds is kept.
    for number in range(100):
        assert len(allow().set_response_header("A", "1").set_response_header("a", str(number)).response_headers) == 1
    with pytest.raises(ValueError, match="65536 bytes"):
        allow().set_request_header("A", "x" * 65536)
    noted = allow()
    for number in range(32):
        noted = noted.annotate(str(number), "x")
    with pytest.raises(ValueError, match="at most 32"):
        noted.annotate("x", "y")
    with pytest.raises(ValueError, match="8192 characters"):
        allow().annotate("x", "y" * 8192)
    with pytest.raises(ValueError, match="with a key each"):
        allow().annotate("", "y")


def test_rewrites():
    made = allow().rewrite(path="/pks/lookup").rewrite(query="op=get")
    assert (made.path, made.query) == ("/pks/lookup", "op=get")
    assert allow().rewrite(query="").query == ""
    for arguments in ({"path": "pks"}, {"path": "/a?b"}, {"path": "/a b"}, {"query": "a#b"}, {"query": "ä"},
                      {"query": "a\n"}, {"path": "/" * 8193}):
        with pytest.raises(ValueError, match="rewrite: expected"):
            allow().rewrite(**arguments)


def test_replaced_bodies():
    made = allow().replace_body(b"x", "text/plain")
    assert (made.body, made.body_type) == (b"x", "text/plain")
    with pytest.raises(ValueError):
        allow().replace_body(b"x", "a\nb")


def test_delays():
    assert allow().delay(timedelta(seconds=2)).delay_ms == 2000
    for delay in (-1, float("nan"), float("inf"), 2**32):
        with pytest.raises(ValueError, match="delay: expected"):
            allow().delay(delay)


def test_what_becomes_of_the_keyservers_answer():
    made = keep().set_header("A", "1").add_header("A", "2").remove_header("B").annotate("n", "x").reason("why")
    assert [(one.action.name, one.name) for one in made.response_headers] == [("SET", "A"), ("APPEND", "A"), ("REMOVE", "B")]
    assert made.why == "why" and keep().response_headers == ()
