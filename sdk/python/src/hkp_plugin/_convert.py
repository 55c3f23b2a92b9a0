"""Between the messages of the protocol and the types that authors see; the only module that knows both."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from .decision import Action, Allow, Decision, HeaderChange, Respond, ResponseChange
from .events import Event, EventBatch
from .health import Health
from .host import KeyInfo, KeyPage, KeyQuery
from .proto import hkp_plugin_pb2 as pb
from .request import Body, BodyState, Client, Headers, HkpQuery, Operation, Request, Response

if TYPE_CHECKING:
    from typing import Literal

_OPERATIONS = {operation.value: operation for operation in Operation}
_BODY_STATES = {state.value: state for state in BodyState}
_NO_BODY = Body()
_KINDS: dict[int, Literal["lookup", "search", "fetch"]] = {0: "lookup", 1: "search", 2: "fetch"}


def request(event: pb.HandleRequestEvent, grants: frozenset[str]) -> Request:
    """Reads an event. ``ValueError`` says where it breaks the protocol."""
    return Request(
        id=event.request_id, method=event.method, path=event.path,
        target=event.raw_target.decode("latin-1") if event.raw_target else event.path,
        query=dict(event.query_params), headers=_headers(event.header_fields, event.headers.items()),
        client=Client.parse(event.remote_addr), tls=event.tls, hkp=_hkp(event), body=_body(event),
        annotations=dict(event.annotations), grants=grants, deadline=deadline(event.deadline_ms),
        traceparent=event.traceparent, dry_run=event.dry_run)


def response(event: pb.UpstreamResponseEvent) -> Response:
    """Reads the keyserver's answer."""
    return Response(
        request_id=event.request_id, status=event.status_code, headers=_headers(event.header_fields, ()),
        method=event.method, target=event.raw_target.decode("latin-1"), hkp=_hkp(event),
        client=Client.parse(event.remote_addr) if event.remote_addr else None, annotations=dict(event.annotations),
        upstream_ms=event.upstream_ms, deadline=deadline(event.deadline_ms), traceparent=event.traceparent,
        dry_run=event.dry_run)


def deadline(milliseconds: int) -> float | None:
    """On the clock of ``time.monotonic``."""
    return time.monotonic() + milliseconds / 1000 if milliseconds > 0 else None


def decision(request_id: str, made: Decision) -> pb.HandleResponse:
    """Writes a decision."""
    message = pb.HandleResponse(
        request_id=request_id, annotations=made.annotations, reason=made.why, delay_ms=made.delay_ms,
        response_headers=_changes(made.response_headers))
    if isinstance(made, Respond):
        message.status_code = made.status
        message.body = made.body
    elif isinstance(made, Allow):
        message.continue_chain = True
        message.request_headers.extend(_changes(made.request_headers))
        if made.path is not None or made.query is not None:
            message.rewrite.path = made.path or ""
            message.rewrite.query = made.query or ""
            message.rewrite.replace_query = made.query is not None
        if made.body is not None:
            message.body_replacement.body = made.body
            message.body_replacement.content_type = made.body_type
            # Present also when it is empty.
            message.body_replacement.SetInParent()
    else:
        raise TypeError(f"expected: a decision (allow, deny or respond), got: {made!r}")
    return message


def response_decision(request_id: str, change: ResponseChange | None) -> pb.UpstreamResponseDecision:
    """Writes what happens to the keyserver's answer."""
    if change is None:
        return pb.UpstreamResponseDecision(request_id=request_id)
    if not isinstance(change, ResponseChange):
        raise TypeError(f"expected: what keep() makes, or None, got: {change!r}")
    return pb.UpstreamResponseDecision(
        request_id=request_id, response_headers=_changes(change.response_headers), annotations=change.annotations,
        reason=change.why)


def failure(request_id: str, reason: str) -> pb.HandleResponse:
    """An answer that is none: on the stream no request can fail by a status."""
    return pb.HandleResponse(request_id=request_id, reason=reason)


def health(given: Health) -> pb.HealthStatus:
    """Writes a status."""
    return pb.HealthStatus(
        status=given.status.name, message=given.message, details=given.details,
        timestamp=int(time.time()))


def event(message: pb.Event) -> Event:
    """Reads an event."""
    return Event(
        message.type, message.data, dict(message.metadata), message.cluster, message.id, message.timestamp,
        message.source, message.replica, message.sequence)


def event_message(given: Event) -> pb.Event:
    """Writes what a plugin may set of an event; the gateway sets the rest."""
    return pb.Event(type=given.type, data=given.data, metadata=given.metadata, cluster=given.cluster)


def event_batch(message: pb.EventBatch) -> EventBatch:
    """Reads a batch."""
    return EventBatch(tuple(event(one) for one in message.events), message.dropped)


def key(message: pb.KeyInfo) -> KeyInfo:
    """Reads facts about a key."""
    return KeyInfo(
        message.fingerprint, message.key_id, tuple(message.user_ids), message.creation_time, message.expiration_time,
        message.revoked, message.key_data)


def key_message(given: KeyInfo) -> pb.KeyInfo:
    """Writes facts about a key."""
    return pb.KeyInfo(
        fingerprint=given.fingerprint, key_id=given.key_id, user_ids=given.user_ids, creation_time=given.creation_time,
        expiration_time=given.expiration_time, revoked=given.revoked, key_data=given.key_data)


def key_query(message: pb.StorageQuery) -> KeyQuery:
    """Reads a query."""
    return KeyQuery(
        _KINDS.get(message.type, "lookup"), message.query, message.limit or 100, message.offset,
        message.options.get("exact") == "on")


def key_page(page: KeyPage | None) -> pb.StorageResponse:
    """Writes an answer to a query; None leaves it to the keyserver."""
    if page is None:
        return pb.StorageResponse(error="not here")
    return pb.StorageResponse(
        success=True, keys=[key_message(one) for one in page.keys], total_count=max(page.total, len(page.keys)))


def milliseconds(time_: timedelta | float) -> int:
    """Rounded up, so that a short time never becomes none."""
    seconds = time_.total_seconds() if isinstance(time_, timedelta) else time_
    return -int(-seconds * 1000 // 1)


def _headers(fields: Iterable[pb.HeaderField], otherwise: Iterable[tuple[str, str]]) -> Headers:
    return Headers([(field.name, field.value.decode("latin-1")) for field in fields] or otherwise)


def _hkp(event_: pb.HandleRequestEvent | pb.UpstreamResponseEvent) -> HkpQuery | None:
    if not event_.HasField("hkp"):
        return None
    hkp = event_.hkp
    return HkpQuery(
        _OPERATIONS.get(hkp.operation, Operation.OTHER), hkp.search, hkp.fingerprint, hkp.key_id, tuple(hkp.options),
        hkp.machine_readable, hkp.exact, hkp.show_hash, hkp.show_fingerprint)


def _body(event_: pb.HandleRequestEvent) -> Body:
    if event_.body_state == 0:
        return _NO_BODY
    # A state of a later protocol tells nothing of what is there: count on nothing.
    state = _BODY_STATES.get(event_.body_state, BodyState.WITHHELD)
    return Body(state, event_.body, event_.body_length if event_.body_length >= 0 else None)


def _changes(changes: Iterable[HeaderChange]) -> list[pb.HeaderMutation]:
    return [
        pb.HeaderMutation(action=_ACTIONS[change.action], name=change.name, value=change.value.encode("latin-1"))
        for change in changes]


_ACTIONS = {
    Action.SET: pb.HeaderMutation.SET, Action.APPEND: pb.HeaderMutation.APPEND, Action.REMOVE: pb.HeaderMutation.REMOVE}
