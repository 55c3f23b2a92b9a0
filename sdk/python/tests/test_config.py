import enum
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any, Literal

import pytest
from hkp_plugin import ConfigError, Pattern, Range, Size
from hkp_plugin.config import decode, duration


class Mode(enum.Enum):
    OBSERVE = "observe"
    ENFORCE = "enforce"


@dataclass(frozen=True)
class Limits:
    most: Annotated[int, Range(1, 10)] = 5


@dataclass(frozen=True)
class Config:
    shortest: Annotated[int, Range(1, 100)] = 4
    share: Annotated[float, Range(0, 1)] = 0.5
    on: bool = True
    name: str = "n"
    hexadecimal: Annotated[str, Pattern("[0-9a-f]+", "hex digits")] = "ab"
    window: Annotated[timedelta, Range(timedelta(seconds=1), timedelta(days=1))] = timedelta(seconds=10)
    largest: Annotated[int, Size, Range(1, 2**20)] = 65536
    mode: Mode = Mode.ENFORCE
    level: Literal["low", "high"] = "low"
    allow: tuple[str, ...] = ()
    waits: list[timedelta] = field(default_factory=list)
    limits: Limits = Limits()
    rules: dict[str, Limits] = field(default_factory=dict)
    maybe: int | None = None
    free: Any = None


@dataclass(frozen=True)
class Required:
    url: str


def test_defaults():
    assert decode(Config, "{}") == (Config(), [])
    assert decode(Config, "") == (Config(), [])
    assert decode(Config, '{"shortest": null}') == (Config(), [])


def test_everything():
    config, unknown = decode(Config, json.dumps({
        "shortest": 100, "share": 1, "on": False, "name": "x", "hexadecimal": "0f", "window": "1h30m", "largest": "64KB",
        "mode": "observe", "level": "high", "allow": ["a", "b"], "waits": ["500ms", "7d"], "limits": {"most": 1},
        "rules": {"r": {"most": 2}}, "maybe": 3, "free": {"x": [1]}}))
    assert unknown == []
    assert config == Config(
        100, 1.0, False, "x", "0f", timedelta(minutes=90), 65536, Mode.OBSERVE, "high", ("a", "b"),
        [timedelta(milliseconds=500), timedelta(days=7)], Limits(1), {"r": Limits(2)}, 3, {"x": [1]})


def test_strings_as_environment_variables_have_them():
    config, _ = decode(Config, {"shortest": " 7 ", "share": "0.25", "on": "TRUE", "allow": "a, b,,c", "waits": "1s,2s",
                                "largest": "1024"})
    assert (config.shortest, config.share, config.on, config.allow) == (7, 0.25, True, ("a", "b", "c"))
    assert config.waits == [timedelta(seconds=1), timedelta(seconds=2)] and config.largest == 1024


@pytest.mark.parametrize(("values", "message"), [
    ({"shortest": "x"}, 'shortest: expected: a number from 1 to 100, got: "x"'),
    ({"shortest": 0}, "shortest: expected: a number from 1 to 100, got: 0"),
    ({"shortest": 1.5}, "shortest: expected: a whole number from 1 to 100, got: 1.5"),
    ({"shortest": True}, "shortest: expected: a number from 1 to 100, got: true"),
    ({"shortest": [1]}, "shortest: expected: a number from 1 to 100, got: [1]"),
    ({"share": "nan"}, 'share: expected: a number from 0 to 1, got: "nan"'),
    ({"on": "yes"}, 'on: expected: true or false, got: "yes"'),
    ({"name": {}}, "name: expected: a string, got: {}"),
    ({"hexadecimal": "xyz"}, 'hexadecimal: expected: hex digits, got: "xyz"'),
    ({"window": 10}, 'window: expected: a duration such as "500ms", "10s", "5m", "1h30m" or "7d", from 1s to 1d, got: 10'),
    ({"window": "2d"}, 'window: expected: a duration such as "500ms", "10s", "5m", "1h30m" or "7d", from 1s to 1d, got: "2d"'),
    ({"largest": "2MB"}, 'largest: expected: a size such as "512B", "64KB", "16MB" or a number of bytes, from 1B to 1MB,'
                         ' got: "2MB"'),
    ({"largest": "many"}, 'largest: expected: a size such as "512B", "64KB", "16MB" or a number of bytes, from 1B to 1MB,'
                          ' got: "many"'),
    ({"mode": "off"}, 'mode: expected: one of "observe", "enforce", got: "off"'),
    ({"level": 3}, 'level: expected: one of "low", "high", got: 3'),
    ({"allow": {}}, "allow: expected: a list, got: {}"),
    ({"waits": ["1s", "2"]}, 'waits[1]: expected: a duration such as "500ms", "10s", "5m", "1h30m" or "7d", got: "2"'),
    ({"limits": 3}, "limits: expected: a table of keys and values, got: 3"),
    ({"limits": {"most": 11}}, "limits.most: expected: a number from 1 to 10, got: 11"),
    ({"rules": {"r": {"most": 0}}}, "rules.r.most: expected: a number from 1 to 10, got: 0"),
    ({"name": "x" * 300, "maybe": "y" * 300}, "maybe: expected: a number, got: " + '"' + "y" * 199 + "…"),
    ("[]", "expected: one JSON object, got: []"),
    ("{", "expected: one JSON object, got: {"),
    ("[" * 100_000, "expected: one JSON object, got: " + "[" * 200 + "…"),
])
def test_errors_name_the_key(values, message):
    with pytest.raises(ConfigError) as error:
        decode(Config, values)
    assert str(error.value) == message


def test_a_key_without_default_is_required():
    assert decode(Required, {"url": "u"})[0] == Required("u")
    with pytest.raises(ConfigError, match="url: expected: a string, got: nothing"):
        decode(Required, {})


def test_unknown_keys_are_told():
    assert decode(Config, {"shortset": 1, "limits": {"mots": 1}, "a": 1})[1] == ["a", "limits.mots", "shortset"]


def test_without_a_dataclass_it_is_a_dict():
    assert decode(dict, '{"a": [1]}') == ({"a": [1]}, [])


def test_what_the_author_checks_himself():
    @dataclass(frozen=True)
    class Both:
        least: int = 1
        most: int = 2

        def __post_init__(self):
            if self.least > self.most:
                raise ValueError("least is more than most")

    with pytest.raises(ConfigError, match="expected: values that go together, got: least is more than most"):
        decode(Both, {"least": 3})


def test_a_type_that_nobody_can_read_is_the_authors_error():
    @dataclass(frozen=True)
    class Strange:
        at: complex = 1j

    with pytest.raises(TypeError, match="complex"):
        decode(Strange, {"at": "1"})


@pytest.mark.parametrize(("text", "seconds"), [
    ("500ms", 0.5), ("10s", 10), ("1h30m", 5400), ("1d", 86400), (" 1s ", 1), ("0s", 0), ("", None), ("1", None),
    ("-1s", None), ("1.5s", None), ("1 s", None), ("999999999d999999999d", None), ("s", None), ("١s", None)])
def test_durations(text, seconds):
    assert duration(text) == (None if seconds is None else timedelta(seconds=seconds))
