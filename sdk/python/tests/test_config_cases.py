"""The table that all SDKs have in common: sdk/cases."""

import json
import pathlib
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

import pytest
from hkp_plugin import ConfigError, Range, Size
from hkp_plugin.config import decode

TABLE = json.loads((pathlib.Path(__file__).parents[2] / "cases" / "configuration.json").read_text(encoding="utf-8"))

Window = Annotated[timedelta, Range(timedelta(seconds=1), timedelta(days=1))]
Body = Annotated[int, Size, Range(1024, 2**20)]
Mode = Literal["observe", "enforce_all"]


@dataclass(frozen=True)
class Limits:
    low: int = 1
    high: int = 10

    def __post_init__(self):
        if self.low > self.high:
            raise ValueError(f"low: expected: at most high, got: {self.low}")


@dataclass(frozen=True)
class Agent:
    pattern: str
    weight: Annotated[int, Range(1, 10)] = 1


@dataclass(frozen=True)
class Settings:
    text: str = "n"
    count: Annotated[int, Range(1, 100)] = 4
    whole: int = 0
    floor: Annotated[int, Range(1)] = 1
    ceiling: Annotated[int, Range(most=10)] = 1
    share: Annotated[float, Range(0, 1)] = 0.5
    ratio: float = 1.5
    flag: bool = True
    window: Window = timedelta(seconds=10)
    delay: timedelta = timedelta()
    pause: Annotated[timedelta, Range(timedelta(seconds=1))] = timedelta(seconds=1)
    body: Body = 65536
    most: Annotated[int, Size] = 0
    room: Annotated[int, Size, Range(most=2**30)] = 2**20
    mode: Mode = "enforce_all"
    texts: list[str] = field(default_factory=list)
    counts: list[Annotated[int, Range(1, 10)]] = field(default_factory=list)
    waits: tuple[timedelta, ...] = (timedelta(seconds=1),)
    limits: Limits = Limits()
    agents: dict[str, Agent] = field(default_factory=dict)
    rules: list[Agent] = field(default_factory=list)
    maybe: Annotated[int, Range(1)] | None = None

    def __post_init__(self):
        if self.text == "bad" and self.flag:
            raise ValueError("flag: expected: false with the text bad, got: true")


@dataclass(frozen=True)
class Required:
    name: str
    count: Annotated[int, Range(1, 100)]
    share: Annotated[float, Range(0, 1)]
    flag: bool
    window: Window
    body: Body
    mode: Mode


def plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value // timedelta(milliseconds=1)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def test_the_table_is_whole():
    names = [case["name"] for case in TABLE["cases"]]
    assert len(names) == len(set(names)) >= 200
    for case in TABLE["cases"]:
        assert case.keys() <= {"name", "of", "config", "text", "values", "unknown", "error"}, case["name"]
        assert ("config" in case) != ("text" in case) and ("values" in case) != ("error" in case), case["name"]


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: case["name"])
def test_case(case):
    of = Required if case.get("of") == "required" else Settings
    text = case["text"] if "text" in case else json.dumps(case["config"])
    if "error" in case:
        with pytest.raises(ConfigError) as error:
            decode(of, text)
        assert str(error.value) == case["error"]
        return
    config, unknown = decode(of, text)
    got = {one.name: plain(getattr(config, one.name)) for one in fields(config)}
    assert got == (case["values"] if of is Required else TABLE["defaults"] | case["values"])
    assert unknown == case.get("unknown", [])
    assert isinstance(got["flag"], bool)
