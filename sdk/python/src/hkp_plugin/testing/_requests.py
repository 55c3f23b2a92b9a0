"""Requests as a gateway would show them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, unquote

from ..request import Body, BodyState, Client, Headers, HkpQuery, Operation, Request, Response

__all__ = ["hkp_query", "request", "response"]

_LOOKUPS = {
    "get": Operation.LOOKUP_GET, "hget": Operation.LOOKUP_HGET, "index": Operation.LOOKUP_INDEX,
    "vindex": Operation.LOOKUP_VINDEX, "stats": Operation.LOOKUP_STATS}
_POSTS = {
    "/pks/add": Operation.ADD, "/pks/replace": Operation.REPLACE, "/pks/delete": Operation.DELETE,
    "/pks/hashquery": Operation.HASHQUERY, "/pks/v2/certs": Operation.V2_ADD}
_GETS = {"/pks/stats": Operation.STATS, "/pks/health": Operation.HEALTH}
_BELOW = {
    "/pks/v2/certs/by-vfingerprint/": Operation.V2_CERTS_BY_VFINGERPRINT,
    "/pks/v2/certs/by-identity/": Operation.V2_CERTS_BY_IDENTITY, "/pks/v2/certs/by-keyid/": Operation.V2_CERTS_BY_KEYID,
    "/pks/v2/index/": Operation.V2_INDEX, "/pks/v2/prefixlog/": Operation.V2_PREFIXLOG}
_KEY = re.compile(r"0x([0-9A-Fa-f]{8}|[0-9A-Fa-f]{16}|[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})")
_VERSIONED = re.compile(r"[0-9A-Fa-f]{2}([0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})")
_KEY_ID = re.compile(r"[0-9A-Fa-f]{16}")

HeaderInput = Mapping[str, str] | Iterable[tuple[str, str]]


def request(
        line: str, *, headers: HeaderInput = (), body: bytes | str | None = None, prefix: int | None = None,
        client: str = "192.0.2.7", annotations: Mapping[str, str] | None = None, tls: bool = False, dry_run: bool = False,
        request_id: str = "test-1", traceparent: str = "", grants: frozenset[str] | None = None) -> Request:
    """Makes a request of a method and a target, such as ``GET /pks/lookup?op=index&search=alice``.

    The HKP view is read from the target. ``prefix``: how many bytes of the body the plugin gets. ``grants``: as a gateway
    would cut the request down; None: nothing is withheld.
    """
    method, _, target = line.strip().partition(" ")
    if not target.startswith("/"):
        raise ValueError(f"expected: a method and a target such as GET /pks/stats, got: {line!r}")
    path, _, query = target.partition("?")
    values: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        values.setdefault(name, value)
    fields = list(headers.items() if isinstance(headers, Mapping) else headers)
    if grants is not None and "http.credentials" not in grants:
        fields = [one for one in fields if one[0].lower() not in ("authorization", "proxy-authorization", "cookie")]
    return Request(
        id=request_id, method=method, path=unquote(path), target=target, query=values,
        headers=Headers([("Host", "keyserver.test"), *fields]), client=_client(client), tls=tls,
        hkp=hkp_query(method, target), body=_body(body, prefix, grants), annotations=dict(annotations or {}),
        grants=grants if grants is not None else frozenset(), traceparent=traceparent, dry_run=dry_run)


def response(
        status: int = 200, line: str = "GET /pks/stats", *, headers: HeaderInput = (), client: str = "192.0.2.7",
        annotations: Mapping[str, str] | None = None, request_id: str = "test-1", traceparent: str = "",
        dry_run: bool = False, grants: frozenset[str] | None = None) -> Response:
    """Makes an answer of the keyserver to a request. ``grants``: as a gateway would cut it down; None: nothing is withheld."""
    asked = request(line, client=client)
    fields = list(headers.items() if isinstance(headers, Mapping) else headers)
    if grants is not None and "http.credentials" not in grants:
        fields = [one for one in fields if one[0].lower() != "set-cookie"]
    if grants is not None and "http.request" not in grants:
        return Response(
            request_id=request_id, status=status, headers=Headers(fields), annotations={}, traceparent=traceparent, dry_run=dry_run)
    return Response(
        request_id=request_id, status=status, headers=Headers(fields), method=asked.method, target=asked.target, hkp=asked.hkp,
        client=asked.client, annotations=dict(annotations or {}), traceparent=traceparent, dry_run=dry_run)


def hkp_query(method: str, target: str) -> HkpQuery | None:
    """Reads a target as the gateway does; what the gateway would answer with 400 is read as ``OTHER``."""
    path, _, query = target.partition("?")
    if path != "/pks" and not path.startswith("/pks/"):
        return None
    if path == "/pks/lookup" and method in ("GET", "HEAD"):
        return _lookup(dict(reversed(parse_qsl(query, keep_blank_values=True))))
    if method == "POST" and path in _POSTS:
        return HkpQuery(_POSTS[path])
    if method in ("GET", "HEAD"):
        if path in _GETS:
            return HkpQuery(_GETS[path])
        for start, operation in _BELOW.items():
            rest = path.removeprefix(start)
            if path.startswith(start) and rest and "/" not in rest:
                return _version2(operation, unquote(rest))
    return HkpQuery(Operation.OTHER)


def _lookup(values: Mapping[str, str]) -> HkpQuery:
    operation = _LOOKUPS.get(values.get("op", ""), Operation.OTHER)
    search = values.get("search", "") if operation is not Operation.LOOKUP_STATS else ""
    key = _KEY.fullmatch(search)
    digits = key[1].upper() if key and operation is not Operation.LOOKUP_HGET else ""
    options = tuple(one for one in values.get("options", "").split(",") if one)
    return HkpQuery(
        operation, search, digits if len(digits) > 16 else "", digits if len(digits) <= 16 else "", options,
        "mr" in options, values.get("exact") == "on", values.get("hash") == "on", values.get("fingerprint") == "on")


def _version2(operation: Operation, text: str) -> HkpQuery:
    if operation is Operation.V2_CERTS_BY_VFINGERPRINT and (match := _VERSIONED.fullmatch(text)):
        return HkpQuery(operation, text, fingerprint=match[1].upper())
    if operation is Operation.V2_CERTS_BY_KEYID and _KEY_ID.fullmatch(text):
        return HkpQuery(operation, text, key_id=text.upper())
    return HkpQuery(operation, text)


def _client(text: str) -> Client:
    """With or without a port, and IPv6 with or without brackets."""
    try:
        return Client.parse(text)
    except ValueError:
        return Client.parse(f"[{text}]:4711" if ":" in text and "[" not in text else f"{text}:4711")


def _body(body: bytes | str | None, prefix: int | None, grants: frozenset[str] | None) -> Body:
    if body is None:
        return Body()
    data = body.encode() if isinstance(body, str) else body
    if grants is not None and "http.request.body" not in grants:
        return Body(BodyState.WITHHELD, b"", len(data))
    if prefix is not None and prefix < len(data):
        return Body(BodyState.PREFIX, data[:prefix], len(data))
    return Body(BodyState.COMPLETE, data, len(data))
