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
    # What every SDK says is in the common table; these are types of Python.
    ({"hexadecimal": "xyz"}, " key 'hexadecimal': expected: hex digits, got: \"xyz\""),
    ({"mode": "off"}, " key 'mode': expected: one of observe, enforce, got: \"off\""),
    ({"level": 3}, " key 'level': expected: one of low, high, got: 3"),
    ({"window": "2d"}, " key 'window': expected: a duration from 1s to 1d, got: \"2d\""),
    ({"largest": "2MB"}, " key 'largest': expected: a size from 1B to 1MB, got: \"2MB\""),
    ({"maybe": "x", "free": None}, " key 'maybe': expected: a whole number, got: \"x\""),
    ("[" * 100_000, ": expected: one JSON object, got: " + "[" * 80 + "…"),
])
def test_errors_name_the_key(values, message):
    with pytest.raises(ConfigError) as error:
        decode(Config, values)
    assert str(error.value) == "configuration" + message


def test_of_several_errors_the_first_key_is_told():
    with pytest.raises(ConfigError) as error:
        decode(Config, {"limits": {"most": 0}, "on": 1, "shortest": 0})
    assert error.value.key == "shortest"
    assert str(error.value).count("configuration key") == 3


def test_a_key_without_default_is_required():
    assert decode(Required, {"url": "u"})[0] == Required("u")
    with pytest.raises(ConfigError, match="^configuration key 'url': expected: a string, got: nothing$"):
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

    with pytest.raises(ConfigError, match="^configuration: least is more than most$"):
        decode(Both, {"least": 3})


def test_a_type_that_nobody_can_read_is_the_authors_error():
    @dataclass(frozen=True)
    class Strange:
        at: complex = 1j

    with pytest.raises(TypeError, match="complex"):
        decode(Strange, {"at": "1"})


@pytest.mark.parametrize(("text", "seconds"), [
    ("500ms", 0.5), ("10s", 10), ("1h30m", 5400), ("1d", 86400), ("PT1M0.25S", 60.25), (" 1s ", 1), ("0s", 0), ("", None), ("1", None),
    ("-1s", None), ("1.5s", None), ("1 s", None), ("999999999d999999999d", None), ("s", None), ("١s", None)])
def test_durations(text, seconds):
    assert duration(text) == (None if seconds is None else timedelta(seconds=seconds))
