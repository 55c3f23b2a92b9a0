"""The rule, without a gateway: the harness runs the plugin in this process."""

import pytest
from hkp_plugin import Allow, ConfigError
from hkp_plugin.testing import Harness

from hkp_template.plugin import HkpTemplatePlugin


def test_short_searches_are_refused():
    with Harness(HkpTemplatePlugin) as plugin:
        decision = plugin.handle("GET /pks/lookup?op=index&search=abc")
        assert decision.status == 429
        assert decision.body_text == "Please search for at least 4 characters.\n"
        assert decision.response_header("Retry-After") == "60"
        assert decision.why == "search too short"


def test_everything_else_passes():
    with Harness(HkpTemplatePlugin) as plugin:
        for line in ("GET /pks/lookup?op=index&search=abcd", "GET /pks/lookup?op=get&search=0xabcdef01", "GET /pks/stats",
                     "POST /pks/add", "GET /"):
            assert isinstance(plugin.handle(line), Allow), line


def test_the_operator_chooses_how_short():
    with Harness(HkpTemplatePlugin, {"shortest_search": 2}) as plugin:
        assert isinstance(plugin.handle("GET /pks/lookup?op=index&search=ab"), Allow)
        assert plugin.handle("GET /pks/lookup?op=index&search=a").status == 429


def test_a_wrong_value_names_its_key():
    with pytest.raises(ConfigError, match="'shortest_search': expected: a whole number from 1 to 100"), Harness(
            HkpTemplatePlugin, {"shortest_search": 0}):
        pass
