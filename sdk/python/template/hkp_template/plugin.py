"""The rule."""

import logging

import hkp_plugin as hkp

from .config import HkpTemplateConfig

log = logging.getLogger("hkp-template")


class HkpTemplatePlugin(hkp.Plugin[HkpTemplateConfig]):
    """Refuses index searches so short that they can only be meant to harvest addresses."""

    options = hkp.Options(
        description="Refuses index searches that are too short", capabilities=("http.request", "http.respond"), dry_run=True)

    async def init(self) -> None:
        log.info("starting", extra={"shortest_search": self.config.shortest_search})

    async def handle(self, request: hkp.Request) -> hkp.Decision:
        shortest = self.config.shortest_search
        if request.operation is hkp.Operation.LOOKUP_INDEX and len(request.search) < shortest:
            return (hkp.deny(429)
                    .retry_after(60)
                    .text(f"Please search for at least {shortest} characters.")
                    .reason("search too short"))
        return hkp.allow()
