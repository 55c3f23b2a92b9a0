"""A plugin whose behaviour a test chooses by the path of the request."""

import asyncio
import logging
import os
import sys
import time
from dataclasses import dataclass
from typing import Annotated

import hkp_plugin as hkp

log = logging.getLogger("sample")

print("printed while it is imported")
os.write(1, b"written to descriptor 1 while it is imported\n")


@dataclass(frozen=True)
class Config:
    shortest_search: Annotated[int, hkp.Range(1, 100)] = 4
    marker: str = ""
    """A file that close writes."""
    init_seconds: float = 0


class Sample(hkp.Plugin[Config]):
    options = hkp.Options(
        description="for tests", capabilities=("http.request", "http.respond", "state"), dry_run=True, max_concurrent=8,
        event_types=("key.*",), max_message_bytes=1024 * 1024)

    async def init(self):
        await asyncio.sleep(self.config.init_seconds)
        if self.config.marker == "exit":
            sys.exit("as asked")
        self.running = 0
        self.most = 0
        self.cancelled = 0
        self.events = []

    async def handle(self, request):
        log.info("asked", extra={"path": request.path})
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            return await self.decide(request)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1

    async def decide(self, request):
        match request.path:
            case "/deny":
                return hkp.deny(429).retry_after(60).text("no").reason("asked for")
            case "/raise":
                raise RuntimeError("as asked")
            case "/nothing":
                return None
            case "/surrogate":
                return hkp.allow().reason("\ud800")
            case "/print":
                print("printed by a handler")
                sys.stdout.flush()
                os.write(1, b"written to descriptor 1\n")
            case "/wait":
                await asyncio.sleep(3600)
            case "/short":
                await asyncio.sleep(0.05)
            case "/until":
                # Ends when a file is there: the test decides when.
                while not os.path.exists(request.query["file"]):
                    await asyncio.sleep(0.01)
            case "/counts":
                return hkp.respond(200).text(f"{self.most} {self.cancelled}")
            case "/events":
                return hkp.respond(200).text(repr(self.events))
            case "/info":
                info = await self.context.host.info()
                return hkp.respond(200).text(info.version)
            case "/change":
                return (hkp.allow().set_request_header("X-Set", "1").remove_request_header("X-Gone").rewrite(query="op=get")
                        .replace_body(b"").set_response_header("X-Answer", "2").annotate("n", 3).delay(0.25))
            case "/exit":
                os._exit(3)
            case "/sys-exit":
                sys.exit(3)
            case "/cancelled":
                other = asyncio.create_task(asyncio.sleep(3600))
                asyncio.get_running_loop().call_soon(other.cancel)
                await other
            case "/broken":
                # What no type allows, and nobody expects.
                made = hkp.allow().annotate("a", "b")
                object.__setattr__(made, "annotations", self)
                return made
            case "/echo":
                return hkp.respond(200).text(repr(request))
        return hkp.allow()

    async def on_response(self, response):
        if response.status == 500:
            raise RuntimeError("as asked")
        return hkp.keep().set_header("X-Status", str(response.status)).annotate("seen", "yes")

    async def on_events(self, batch):
        self.events += [event.type for event in batch.events] + [batch.dropped]

    async def lookup(self, query):
        if query.query == "0xABCD":
            return None
        return hkp.KeyPage((hkp.KeyInfo("A" * 40, user_ids=(f"{query.kind} {query.query}",)),))

    def health(self):
        return hkp.Health.degraded("as always", most=self.most)

    def close(self):
        if self.config.marker:
            with open(self.config.marker, "a") as file:
                file.write("closed\n")


class Blocking(hkp.Plugin[dict]):
    """Its methods are not async."""

    options = hkp.Options(threads=2, max_concurrent=4, stream=True)

    def handle(self, request):
        if request.path == "/until":
            while not os.path.exists(request.query["file"]):
                time.sleep(0.01)
        if request.path == "/info":
            return hkp.respond(200).text(self.context.wait(self.context.host.info()).version)
        if request.path == "/forever":
            time.sleep(3600)
        if request.path == "/sys-exit":
            sys.exit(3)
        if request.path == "/stop-iteration":
            next(iter([]))
        return hkp.allow()


class Chatty(hkp.Plugin[dict]):
    """Logs far more than a pipe holds."""

    async def handle(self, request):
        for number in range(2000):
            log.info("x" * 200, extra={"number": number})
        return hkp.allow()


if __name__ == "__main__":
    hkp.serve({"sample": Sample, "blocking": Blocking, "chatty": Chatty}[sys.argv[1] if len(sys.argv) > 1 else "sample"])
