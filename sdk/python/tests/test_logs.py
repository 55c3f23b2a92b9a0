import json
import logging
import os
import threading

import pytest
from hkp_plugin.call import Call, current
from hkp_plugin.logs import TRACE, HclogHandler, format_line


def record(message, *arguments, level=logging.INFO, exc_info=None, **extra):
    return logging.getLogger("module").makeRecord("module", level, "f", 1, message, arguments, exc_info, extra=extra)


def line(*arguments, **fields):
    return json.loads(format_line(record(*arguments, **fields)))


def test_the_form_of_a_line():
    made = line("%s entries", 42, entries=42, share=0.5, on=True, none=None, other=[1])
    assert made.pop("@timestamp").endswith("Z")
    assert made == {"@level": "info", "@message": "42 entries", "@module": "module", "entries": 42, "share": 0.5, "on": True,
                    "none": None, "other": "[1]"}
    assert format_line(record("two\nlines")).count(b"\n") == 1


@pytest.mark.parametrize(("level", "word"), [
    (1, "trace"), (TRACE, "trace"), (10, "debug"), (20, "info"), (25, "info"), (30, "warn"), (40, "error"), (50, "error")])
def test_levels(level, word):
    assert line("x", level=level)["@level"] == word


def test_exceptions():
    try:
        raise RuntimeError("as asked")
    except RuntimeError as error:
        made = line("x", exc_info=(type(error), error, error.__traceback__))
    assert made["error"] == "RuntimeError: as asked" and "test_logs.py" in made["stacktrace"]


def test_the_request_at_hand():
    token = current.set(Call("r1", "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"))
    try:
        made = line("x")
        assert (made["request_id"], made["trace_id"]) == ("r1", "ab" * 16)
        assert line("x", request_id="own")["request_id"] == "own"
    finally:
        current.reset(token)
    assert "request_id" not in line("x")


def test_long_and_strange_values_do_no_harm():
    class Strange:
        def __str__(self):
            raise RuntimeError("no")

    made = line("x" * 100_000, value="y" * 100_000, strange=Strange(), infinite=float("inf"))
    assert len(made["@message"]) < 9000 and len(made["value"]) < 9000
    assert made["strange"] == "(str failed: RuntimeError)" and made["infinite"] == "inf"
    assert len(line("x", **{f"k{number}": number for number in range(100)})) == 36


def test_it_never_blocks_and_counts_what_it_drops():
    reading, writing = os.pipe()
    handler = HclogHandler(writing, lines=100)
    try:
        # 10 MB into a pipe of 64 KB that nobody reads.
        for number in range(2000):
            handler.handle(record("x" * 5000, number=number))
        assert not handler.flush_within(0)
        lines = []

        def read():
            rest = b""
            while b'"last"' not in rest:
                rest += os.read(reading, 65536)
            lines.extend(rest.splitlines())

        reader = threading.Thread(target=read)
        reader.start()
        assert handler.flush_within(60)
        handler.handle(record("last"))
        reader.join(60)
        made = [json.loads(one) for one in lines]
        dropped = sum(one.get("dropped", 0) for one in made)
        assert dropped > 1500
        assert dropped + sum("number" in one for one in made) == 2000
    finally:
        os.close(reading)
        os.close(writing)


def test_a_record_that_cannot_be_formatted_fails_nothing():
    reading, writing = os.pipe()
    handler = HclogHandler(writing)
    try:
        handler.handle(record("%d", "x"))
        assert json.loads(os.read(reading, 65536))["@message"] == "a log record could not be formatted"
    finally:
        os.close(reading)
        os.close(writing)
