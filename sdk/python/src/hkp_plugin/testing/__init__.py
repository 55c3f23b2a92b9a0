"""Tests of a plugin without a gateway, a process or a network::

    def test_denies_short_searches():
        with Harness(NoHarvesting, {"shortest_search": 3}) as plugin:
            assert plugin.handle("GET /pks/lookup?op=index&search=ab").status == 429
            assert isinstance(plugin.handle("GET /pks/lookup?op=index&search=abc"), Allow)

``Harness`` is for plain test functions; ``AsyncHarness`` has the same methods for async ones.
"""

from __future__ import annotations

from ._clock import Clock
from ._fake_host import FakeHost
from ._harness import ALL_GRANTS, AsyncHarness, DecisionRefused, Harness
from ._requests import hkp_query, request, response

__all__ = [
    "ALL_GRANTS", "AsyncHarness", "Clock", "DecisionRefused", "FakeHost", "Harness", "hkp_query", "request", "response"]
