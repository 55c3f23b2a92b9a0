"""The plugin: which requests it looks into, and what it answers."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

import hkp_plugin as hkp

from .config import Config
from .findings import Finding
from .keys import Facts
from .upload import Result, check_request

__all__ = ["KeyCheck"]

log = logging.getLogger("keycheck")

_CHECKED = frozenset([hkp.Operation.ADD, hkp.Operation.REPLACE, hkp.Operation.V2_ADD])
_BODY_GRANT = "http.request.body"


class KeyCheck(hkp.Plugin[Config]):
    """Looks into uploaded keys. Decides without any state, so rehearsals are like the real thing."""

    options = hkp.Options(
        description="Looks into uploaded keys: packets, size, signatures, user ids, secret material",
        capabilities=("http.request", _BODY_GRANT, "http.respond"), dry_run=True, max_concurrent=32,
        max_message_bytes=32 * 1024 * 1024)

    async def init(self) -> None:
        if _BODY_GRANT not in self.context.grants:
            raise ValueError(f"expected: the grant {_BODY_GRANT}, got: none; this plugin checks nothing without it. Grant it in"
                             f" hkp.plugins.settings.{self.context.name}.grants")
        self._pool = ThreadPoolExecutor(2, "keycheck")
        self._checked = self._refused = self._observed = 0

    async def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def health(self) -> hkp.Health:
        return hkp.Health.healthy("", checked=self._checked, refused=self._refused, observed=self._observed)

    async def handle(self, request: hkp.Request) -> hkp.Decision:
        body = request.body
        query = request.target.partition("?")[2]
        absent = body.state is hkp.BodyState.ABSENT
        if request.operation not in _CHECKED or (absent and not query):
            # Without a body there is nothing to store; the keyserver says what it wants.
            return hkp.allow()
        if not absent and body.state is not hkp.BodyState.COMPLETE:
            # What was not seen is not let through, whatever the rules: it may hold anything.
            return self._refuse(request, Facts(), Finding(
                "upload_size", f"expected: all of the upload to look into, got: {len(body.data)} octets of it"))
        # Large keys take longer than an event loop should wait.
        result = await asyncio.get_running_loop().run_in_executor(
            self._pool, check_request, self.config, request.headers.all("Content-Type"), query.encode("latin-1", "replace"),
            None if absent else body.data)
        return self._decision(request, result)

    def _decision(self, request: hkp.Request, result: Result) -> hkp.Decision:
        self._checked += 1
        if result.refusal is not None:
            return self._refuse(request, result.facts, result.refusal)
        facts = result.facts
        decision: hkp.Decision = hkp.allow().annotate(
            "facts", f"keys={facts.keys} user_ids={facts.user_ids} signatures={facts.signatures} packets={facts.packets}")
        if result.observed:
            self._observed += 1
            decision = decision.annotate("observed", ",".join(result.observed))
            for finding in result.observed.values():
                self._log("an upload breaks a rule that is observed", request, facts, finding)
        return decision

    def _refuse(self, request: hkp.Request, facts: Facts, finding: Finding) -> hkp.Decision:
        self._refused += 1
        self._log("an upload is refused", request, facts, finding)
        return (hkp.deny(finding.status)
                .text(f"This upload was refused ({finding.rule}): {finding.text}.")
                .annotate("rule", finding.rule)
                .reason(f"{finding.rule}: {finding.text}"))

    def _log(self, message: str, request: hkp.Request, facts: Facts, finding: Finding) -> None:
        log.info(message, extra={
            "rule": finding.rule, "finding": finding.text, "fingerprint": facts.first_fingerprint, "bytes": len(request.body.data),
            "dry_run": request.dry_run})
