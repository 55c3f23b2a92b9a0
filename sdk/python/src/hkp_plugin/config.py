"""Decodes a plugin's configuration into a frozen dataclass.

The type of each field says what is valid, its default what holds when the key is absent, and a field without a default
is required::

    @dataclass(frozen=True)
    class Config:
        shortest_search: Annotated[int, Range(1, 100)] = 4
        window: timedelta = timedelta(seconds=10)
        largest: Annotated[int, Size] = 64 * 1024

Whether a value comes as a string or as a JSON number or boolean makes no difference, and a list may be one string with
commas, because that is all an operator can give by environment variable. The rules are those of the SDKs in other
languages, too.
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
from fractions import Fraction
from typing import Any, Final, TypeVar

__all__ = ["ConfigError", "Pattern", "Range", "Size", "decode", "duration"]

T = TypeVar("T")

DURATION = 'a duration such as "500ms", "10s", "5m", "1h" or "7d"'
SIZE = 'a size such as "512B", "64KB" or "16MB"'
TABLE = "a table of keys and values"

_DURATION = re.compile(r"(?:\d{1,9}(?:ms|s|m|h|d))+", re.ASCII)
_ISO_DURATION = re.compile(r"p(?:\d{1,9}d)?(?:t(?:\d{1,9}h)?(?:\d{1,9}m)?(?:\d{1,9}(?:\.\d{1,3})?s)?)?", re.ASCII)
_DURATION_PART = re.compile(r"(\d{1,9})(?:\.(\d{1,3}))?(ms|s|m|h|d)", re.ASCII)
_UNIT_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
# What is longer than a hundred years is a mistake.
_LONGEST_DURATION_MS = 36_500 * _UNIT_MS["d"]
_SIZE = re.compile(r"(\d{1,18}) ?(?:([kmg])i?)?b?", re.ASCII)
_SIZE_UNIT = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}
# Bounded, because it is read exactly.
_NUMBER = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_LARGEST = 2**63 - 1
_LONGEST_QUOTE = 80
_MOST_PROBLEMS = 10


class ConfigError(ValueError):
    """A key's value is not what the plugin takes. The message is for the operator."""

    def __init__(self, key: str, expected: str, got: str) -> None:
        super().__init__(_sentence(key, f"expected: {expected}, got: {_cut(got)}"))
        self.key = key
        """The first key that is wrong; empty for the configuration as a whole."""

    @classmethod
    def _saying(cls, key: str, message: str) -> ConfigError:
        error = cls(key, "", "")
        error.args = (message,)
        return error


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
            return f"of at most {show(self.most)}"
        if self.most is None:
            return f"of at least {show(self.least)}"
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

    Returns it with the keys that it does not know, sorted: most likely misspelt. Raises ``ConfigError``, which names
    every key that is wrong.
    """
    if isinstance(values, str):
        values = _object(values)
    if not dataclasses.is_dataclass(type_):
        return typing.cast(T, dict(values)), []
    decoding = _Decoding()
    made = decoding.dataclass("", type_, values)
    if decoding.problems:
        raise _together(decoding.problems)
    return typing.cast(T, made), sorted(decoding.unknown)


def duration(text: str) -> timedelta | None:
    """Reads ``500ms``, ``10s``, ``1h30m``, ``7d``, ``PT10S``; None if it is none, or longer than a hundred years.

    A bare number is none: it could be seconds or milliseconds.
    """
    text = text.strip().lower()
    is_iso = _ISO_DURATION.fullmatch(text) and text[-1] not in "pt"
    if not is_iso and not _DURATION.fullmatch(text):
        return None
    milliseconds = sum(
        int(count) * _UNIT_MS[unit] + int((fraction or "").ljust(3, "0")) for count, fraction, unit in _DURATION_PART.findall(text))
    return timedelta(milliseconds=milliseconds) if milliseconds <= _LONGEST_DURATION_MS else None


class _Written(float):
    """A number of the JSON, with its spelling."""

    text: str

    def __new__(cls, text: str) -> _Written:
        made = super().__new__(cls, text)
        made.text = text
        return made


def _object(text: str) -> Mapping[str, Any]:
    try:
        values = json.loads(text, parse_float=_Written, parse_constant=_no_constant) if text.strip() else {}
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise ConfigError("", "one JSON object", text)
    return values


def _no_constant(name: str) -> object:
    raise ValueError(f"expected: JSON, got: {name}")


def _together(problems: list[ConfigError]) -> ConfigError:
    if len(problems) == 1:
        return problems[0]
    message = "; ".join(str(problem) for problem in problems[:_MOST_PROBLEMS])
    more = len(problems) - _MOST_PROBLEMS
    return ConfigError._saying(problems[0].key, f"{message}; and {more} more" if more > 0 else message)


_WRONG: Final = object()
"""In place of a value that could not be read; the problem is noted."""


class _Decoding:
    """Collects what is wrong, so that the operator need not come back for each of it."""

    def __init__(self) -> None:
        self.unknown: list[str] = []
        self.problems: list[ConfigError] = []

    def dataclass(self, prefix: str, type_: type[Any], values: Mapping[str, Any]) -> object:
        hints = typing.get_type_hints(type_, include_extras=True)
        arguments: dict[str, Any] = {}
        fields = [field for field in dataclasses.fields(type_) if field.init]
        before = len(self.problems)
        for field in fields:
            key = prefix + field.name
            value = values.get(field.name)
            if value is not None:
                arguments[field.name] = self.value(key, hints[field.name], value)
            elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                self._wrong(key, _words(*_plain(hints[field.name])), "nothing")
        known = {field.name for field in fields}
        self.unknown.extend(prefix + key for key in values if key not in known)
        if len(self.problems) > before:
            return _WRONG
        try:
            return type_(**arguments)
        except ConfigError as error:
            self.problems.append(error)
        except ValueError as error:
            # Of the author's __post_init__, which checks what concerns several keys.
            key = prefix.removesuffix(".")
            self.problems.append(ConfigError._saying(key, _sentence(key, str(error))))
        return _WRONG

    def value(self, key: str, hint: Any, value: Any) -> Any:
        hint, marks = _plain(hint)
        origin = typing.get_origin(hint)
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            if not isinstance(value, Mapping):
                return self._wrong(key, TABLE, _show(value))
            return self.dataclass(key + ".", hint, value)
        if origin in (list, tuple, set, frozenset, Sequence):
            return self._many(key, hint, origin, value)
        if origin in (dict, Mapping):
            if not isinstance(value, Mapping):
                return self._wrong(key, TABLE, _show(value))
            of = typing.get_args(hint)[1]
            return {name: self.value(f"{key}.{name}", of, item) for name, item in value.items()}
        if hint is Any or hint is object:
            return value
        result = _scalar(hint, value, marks)
        return self._wrong(key, _words(hint, marks), _show(value)) if result is None else result

    def _many(self, key: str, hint: Any, origin: Any, value: Any) -> Any:
        text = _text(value)
        if text is not None:
            value = [part.strip() for part in text.split(",") if part.strip()]
        if not isinstance(value, list | tuple):
            return self._wrong(key, "a list", _show(value))
        arguments = typing.get_args(hint)
        if origin is tuple and (len(arguments) != 2 or arguments[1] is not Ellipsis):
            raise TypeError(f"{key}: expected: a type such as tuple[str, ...], got: {hint}")
        items: Iterable[Any] = [self.value(f"{key}[{i}]", arguments[0], item) for i, item in enumerate(value)]
        return items if origin is Sequence else origin(items)

    def _wrong(self, key: str, expected: str, got: str) -> object:
        self.problems.append(ConfigError(key, expected, got))
        return _WRONG


def _text(value: Any) -> str | None:
    """What a value says that is neither a list nor a table."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, _Written):
        return value.text
    return str(value) if isinstance(value, str | int | float) else None


def _scalar(hint: Any, value: Any, marks: list[Any]) -> Any:
    """None: it is not valid."""
    text = _text(value)
    if text is None:
        return None
    if typing.get_origin(hint) is typing.Literal:
        return next((choice for choice in typing.get_args(hint) if _alike(str(choice)) == _alike(text)), None)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return next((choice for choice in hint if _alike(str(choice.value)) == _alike(text)), None)
    reader = _READERS.get(hint)
    if reader is None:
        raise TypeError(f"expected: a configuration field of a type that decode knows, got: {hint}")
    if any(isinstance(mark, Size) for mark in marks):
        reader = _size
    result = reader(text)
    if result is None:
        return None
    for mark in marks:
        if isinstance(mark, Range) and not mark.contains(result):
            return None
        if isinstance(mark, Pattern) and not re.fullmatch(mark.regex, str(result)):
            return None
    return result


def _alike(word: str) -> str:
    """Equal for what an operator takes for the same word."""
    return word.strip().lower().replace("-", "_")


def _bool(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.strip().lower())


def _int(text: str) -> int | None:
    """A whole number in any of JSON's spellings: 5, 5.0, 5e0."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    number = Fraction(text)
    return int(number) if number.denominator == 1 and -_LARGEST - 1 <= number <= _LARGEST else None


def _float(text: str) -> float | None:
    text = text.strip()
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    return number if math.isfinite(number) else None


def _size(text: str) -> int | None:
    match = _SIZE.fullmatch(text.strip().lower())
    number = int(match[1]) * _SIZE_UNIT[match[2] or ""] if match else _int(text)
    return number if number is not None and 0 <= number <= _LARGEST else None


def _str(text: str) -> str:
    return text


_READERS: dict[Any, Callable[[str], Any]] = {bool: _bool, int: _int, float: _float, str: _str, timedelta: duration}


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


def _words(hint: Any, marks: list[Any]) -> str:
    """What a field takes. The words are the same in every SDK."""
    if typing.get_origin(hint) is typing.Literal:
        return "one of " + ", ".join(str(choice) for choice in typing.get_args(hint))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return "one of " + ", ".join(str(choice.value) for choice in hint)
    pattern = next((mark for mark in marks if isinstance(mark, Pattern)), None)
    if pattern is not None:
        return pattern.meaning or f"a string that matches {pattern.regex}"
    if dataclasses.is_dataclass(hint) or typing.get_origin(hint) in (dict, Mapping):
        return TABLE
    sized = any(isinstance(mark, Size) for mark in marks)
    bounds = next((mark for mark in marks if isinstance(mark, Range)), None)
    if bounds is None:
        return SIZE if sized else _WORDS.get(hint, "a list")
    if hint is timedelta:
        return f"a duration {bounds.words(_show_duration)}"
    return f"a size {bounds.words(_show_size)}" if sized else f"{_WORDS[hint]} {bounds.words(str)}"


_WORDS: dict[Any, str] = {
    bool: "true or false", int: "a whole number", float: "a number", str: "a string", timedelta: DURATION, Any: "a value",
    object: "a value"}


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
    for unit in ("g", "m", "k"):
        if value and value % _SIZE_UNIT[unit] == 0:
            return f"{value // _SIZE_UNIT[unit]}{unit.upper()}B"
    return f"{value}B"


def _sentence(key: str, message: str) -> str:
    return f"configuration key '{key}': {message}" if key else f"configuration: {message}"


def _show(value: Any) -> str:
    if isinstance(value, _Written):
        return value.text
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"
