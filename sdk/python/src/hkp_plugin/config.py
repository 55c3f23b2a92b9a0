"""Decodes a plugin's configuration into a frozen dataclass.

The type of each field says what is valid, its default what holds when the key is absent, and a field without a default
is required::

    @dataclass(frozen=True)
    class Config:
        shortest_search: Annotated[int, Range(1, 100)] = 4
        window: timedelta = timedelta(seconds=10)
        largest: Annotated[int, Size] = 64 * 1024

Numbers and booleans may also be given as strings, and a list as one string with commas, because that is all an operator
can give by environment variable.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import math
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

__all__ = ["ConfigError", "Pattern", "Range", "Size", "decode", "duration"]

T = TypeVar("T")

DURATION = 'a duration such as "500ms", "10s", "5m", "1h30m" or "7d"'
SIZE = 'a size such as "512B", "64KB", "16MB" or a number of bytes'

_DURATION = re.compile(r"(?:\d{1,9}(?:ms|s|m|h|d))+", re.ASCII)
_DURATION_PART = re.compile(r"(\d{1,9})(ms|s|m|h|d)", re.ASCII)
_UNIT_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SIZE = re.compile(r"(\d{1,15}) ?(B|KB|KiB|MB|MiB|GB|GiB)?", re.ASCII)
_SIZE_UNIT = {"B": 1, "KB": 2**10, "KiB": 2**10, "MB": 2**20, "MiB": 2**20, "GB": 2**30, "GiB": 2**30}
_LONGEST_QUOTE = 200


class ConfigError(ValueError):
    """A key's value is not what the plugin takes. The message is for the operator."""

    def __init__(self, key: str, expected: str, got: str) -> None:
        super().__init__(f"{key + ': ' if key else ''}expected: {expected}, got: {got}")
        self.key = key


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds, both included: of a number, of a duration (seconds or timedelta), or of a size in bytes."""

    least: float | timedelta | None = None
    most: float | timedelta | None = None

    def contains(self, value: float | timedelta) -> bool:
        number = _number(value)
        return (self.least is None or number >= _number(self.least)) and (self.most is None or number <= _number(self.most))

    def words(self, show: Callable[[Any], str]) -> str:
        if self.least is None:
            return f"at most {show(self.most)}"
        if self.most is None:
            return f"{show(self.least)} or more"
        return f"from {show(self.least)} to {show(self.most)}"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression that all of a string matches, and what it means in words."""

    regex: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """Marks an int as a number of bytes, written ``"64KB"`` (1024 bytes each) or plainly."""


def decode(type_: type[T], values: Mapping[str, Any] | str) -> tuple[T, list[str]]:
    """Makes a configuration of a JSON object.

    Returns it with the keys that it does not know, sorted: most likely misspelt. Raises ``ConfigError``.
    """
    if isinstance(values, str):
        values = _object(values)
    if not dataclasses.is_dataclass(type_):
        return typing.cast(T, dict(values)), []
    unknown: list[str] = []
    return typing.cast(T, _dataclass("", type_, values, unknown)), sorted(unknown)


def duration(text: str) -> timedelta | None:
    """Reads ``500ms``, ``10s``, ``1h30m``, ``7d``; None if it is none. A bare number could be seconds or milliseconds."""
    text = text.strip()
    if not _DURATION.fullmatch(text):
        return None
    milliseconds = sum(int(count) * _UNIT_MS[unit] for count, unit in _DURATION_PART.findall(text))
    try:
        return timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def _object(text: str) -> Mapping[str, Any]:
    try:
        values = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise ConfigError("", "one JSON object", _cut(text))
    return values


def _dataclass(prefix: str, type_: type[Any], values: Mapping[str, Any], unknown: list[str]) -> object:
    hints = typing.get_type_hints(type_, include_extras=True)
    arguments: dict[str, Any] = {}
    fields = [field for field in dataclasses.fields(type_) if field.init]
    for field in fields:
        key = prefix + field.name
        value = values.get(field.name)
        if value is not None:
            arguments[field.name] = _value(key, hints[field.name], value, unknown)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ConfigError(key, _expected(hints[field.name]), "nothing")
    known = {field.name for field in fields}
    unknown.extend(prefix + key for key in values if key not in known)
    try:
        return type_(**arguments)
    except ConfigError:
        raise
    except ValueError as error:
        # Of the author's __post_init__, which checks what concerns several keys.
        raise ConfigError(prefix.removesuffix("."), "values that go together", str(error)) from error


def _value(key: str, hint: Any, value: Any, unknown: list[str]) -> Any:
    hint, marks = _plain(hint)
    origin = typing.get_origin(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise ConfigError(key, "a table of keys and values", _show(value))
        return _dataclass(key + ".", hint, value, unknown)
    if origin in (list, tuple, set, frozenset, Sequence):
        return _many(key, hint, origin, value, unknown)
    if origin in (dict, Mapping):
        if not isinstance(value, Mapping):
            raise ConfigError(key, "a table of keys and values", _show(value))
        of = typing.get_args(hint)[1]
        return {name: _value(f"{key}.{name}", of, item, unknown) for name, item in value.items()}
    if hint is Any or hint is object:
        return value
    result = _scalar(hint, value, marks)
    if result is None:
        whole = " whole" if hint is int and isinstance(value, float) else ""
        raise ConfigError(key, _expected(hint, marks).replace("a number", f"a{whole} number", 1), _show(value))
    return result


def _many(key: str, hint: Any, origin: Any, value: Any, unknown: list[str]) -> Any:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple):
        raise ConfigError(key, "a list", _show(value))
    arguments = typing.get_args(hint)
    if origin is tuple and (len(arguments) != 2 or arguments[1] is not Ellipsis):
        raise TypeError(f"{key}: expected: a type such as tuple[str, ...], got: {hint}")
    items: Iterable[Any] = [_value(f"{key}[{i}]", arguments[0], item, unknown) for i, item in enumerate(value)]
    return items if origin is Sequence else origin(items)


def _scalar(hint: Any, value: Any, marks: list[Any]) -> Any:
    """None: it is not valid."""
    if typing.get_origin(hint) is typing.Literal:
        return next((choice for choice in typing.get_args(hint) if str(choice) == str(value)), None)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return next((choice for choice in hint if str(choice.value) == str(value)), None)
    if isinstance(value, bool) and hint is not bool and hint is not str:
        return None
    reader = _READERS.get(hint)
    if reader is None:
        raise TypeError(f"expected: a configuration field of a type that decode knows, got: {hint}")
    if any(isinstance(mark, Size) for mark in marks):
        reader = _size
    result = reader(value)
    if result is None:
        return None
    for mark in marks:
        if isinstance(mark, Range) and not mark.contains(result):
            return None
        if isinstance(mark, Pattern) and not re.fullmatch(mark.regex, str(result)):
            return None
    return result


def _bool(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None


def _int(value: Any) -> int | None:
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"\s*[+-]?\d{1,18}\s*", value, re.ASCII) else None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) else None


def _float(value: Any) -> float | None:
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _str(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None


def _timedelta(value: Any) -> timedelta | None:
    return duration(value) if isinstance(value, str) else None


def _size(value: Any) -> int | None:
    if isinstance(value, str):
        match = _SIZE.fullmatch(value.strip())
        return int(match[1]) * _SIZE_UNIT[match[2] or "B"] if match else None
    number = _int(value)
    return number if number is not None and number >= 0 else None


_READERS: dict[Any, Callable[[Any], Any]] = {
    bool: _bool, int: _int, float: _float, str: _str, timedelta: _timedelta}


def _plain(hint: Any) -> tuple[Any, list[Any]]:
    """Without Annotated and without None, which no key that is present has."""
    marks: list[Any] = []
    while True:
        origin = typing.get_origin(hint)
        if origin is typing.Annotated:
            hint, *more = typing.get_args(hint)
            marks.extend(mark() if mark is Size else mark for mark in more)
        elif origin in (typing.Union, types.UnionType):
            choices = [choice for choice in typing.get_args(hint) if choice is not types.NoneType]
            if len(choices) != 1:
                raise TypeError(f"expected: a configuration field of one type, or of one and None, got: {hint}")
            hint = choices[0]
        else:
            return hint, marks


def _expected(hint: Any, marks: list[Any] | None = None) -> str:
    if marks is None:
        hint, marks = _plain(hint)
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        return "one of " + ", ".join(f'"{choice}"' for choice in typing.get_args(hint))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return "one of " + ", ".join(f'"{choice.value}"' for choice in hint)
    pattern = next((mark for mark in marks if isinstance(mark, Pattern)), None)
    if pattern is not None:
        return pattern.meaning or f"a string that matches {pattern.regex}"
    sized = any(isinstance(mark, Size) for mark in marks)
    words = SIZE if sized else _WORDS.get(hint, "a table of keys and values" if dataclasses.is_dataclass(hint) else "a list")
    bounds = next((mark for mark in marks if isinstance(mark, Range)), None)
    if bounds is None:
        return words
    if hint is timedelta:
        return f"{words}, {bounds.words(_show_duration)}"
    return f"{words}, {bounds.words(_show_size)}" if sized else f"{words} {bounds.words(str)}"


_WORDS: dict[Any, str] = {
    bool: "true or false", int: "a number", float: "a number", str: "a string", timedelta: DURATION}


def _number(value: float | timedelta) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else value


def _show_duration(value: float | timedelta) -> str:
    left = round(_number(value) * 1000)
    text = ""
    for unit in ("d", "h", "m", "s", "ms"):
        count, left = divmod(left, _UNIT_MS[unit])
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def _show_size(value: int) -> str:
    for unit in ("GB", "MB", "KB"):
        if value and value % _SIZE_UNIT[unit] == 0:
            return f"{value // _SIZE_UNIT[unit]}{unit}"
    return f"{value}B"


def _show(value: Any) -> str:
    return _cut(json.dumps(value, ensure_ascii=False, default=str))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"
