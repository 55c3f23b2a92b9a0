"""Every block of code in README.md is run, in order, and its tests are called."""

import re
import subprocess
import tomllib

from gateway import SECONDS, SOURCES
from hkp_plugin.testing import Harness

README = SOURCES.parent / "README.md"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)


def test_the_python_blocks_run():
    namespace = {"__name__": "readme"}
    for number, block in enumerate(blocks("python")):
        exec(compile(block, f"README.md, block {number + 1}", "exec"), namespace)
    tests = [value for name, value in namespace.items() if name.startswith("test_")]
    assert len(tests) == 4
    for test in tests:
        test()
    # What the text shows without a test.
    with Harness(namespace["Watching"]) as plugin:
        assert plugin.on_response(404).response_header("Cache-Control") == "max-age=60"
        assert plugin.health().details == {"changes": "0"}
    with Harness(namespace["Asking"], name="asking") as plugin:
        assert [plugin.handle("GET /").annotations for _ in range(100)][-1] == {"known": "0"}
        assert plugin.handle("GET /").status == 429


def test_the_manifest_is_one():
    (manifest,) = blocks("toml")
    assert tomllib.loads(manifest)["plugin"]["config"] == {"shortest_search": 4}


def test_the_commands_are_the_shells():
    for block in blocks("sh"):
        subprocess.run(["sh", "-n"], input=block.encode(), timeout=SECONDS, check=True)


def test_no_block_is_left_out():
    assert set(re.findall(r"^```(\w*)$", README.read_text(), re.MULTILINE)) == {"python", "toml", "sh", ""}
