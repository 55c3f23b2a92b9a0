"""Has keys, as the programs in the other languages beside it."""

import logging

import hkp_plugin as hkp

log = logging.getLogger("keys")


class KeyPlugin(hkp.Plugin[dict]):
    options = hkp.Options(capabilities=("http.request", "http.respond", "storage.query", "storage.provide", "state"))

    async def handle(self, request):
        return hkp.allow()

    async def lookup(self, query):
        log.info("asked for %s", query.query)
        if query.query.startswith("traced"):
            await self.context.host.state.increment("traced", window=3600)
        match query.query:
            case "declined":
                return None
            case "fails":
                raise ValueError("fails")
            case "many":
                numbers = range(query.offset, min(query.offset + query.limit, 2500))
                return hkp.KeyPage(tuple(hkp.KeyInfo(f"{i:040X}") for i in numbers), 2500)
        user_id = f"python {query.kind.upper()} {query.query}" + (" exactly" if query.exact else "")
        return hkp.KeyPage((hkp.KeyInfo(
            "0123456789ABCDEF0123456789ABCDEF01234567", user_ids=(user_id,), key_data=b"\x98\1\2"),), 1)


if __name__ == "__main__":
    hkp.serve(KeyPlugin)
