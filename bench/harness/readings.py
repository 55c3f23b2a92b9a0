"""From what was read in each round to figures: medians, spreads, and ratios within a round."""

import dataclasses
import statistics
from typing import Dict, Optional


@dataclasses.dataclass(frozen=True)
class Reading:
    """What one thing came to in one round."""

    table: str                  # calls, events or requests
    name: str
    round: int
    values: Dict[str, float]


@dataclasses.dataclass(frozen=True)
class Spread:
    """One value over all rounds."""

    median: float
    least: float
    most: float


def spread(readings, table, name, value) -> Optional[Spread]:
    """None if it was not measured."""
    return _spread([each.values[value] for each in _of(readings, table, name) if value in each.values])


def ratio(readings, table, name, base, value) -> Optional[Spread]:
    """As a multiple of another's value; only rounds in which both were measured count."""
    bases = {each.round: each.values[value] for each in _of(readings, table, base) if each.values.get(value)}
    return _spread([each.values[value] / bases[each.round] for each in _of(readings, table, name)
                    if each.round in bases and value in each.values])


def total(readings, table, name, value):
    """The sum over all rounds."""
    return sum(each.values.get(value, 0) for each in _of(readings, table, name))


def names(readings, table):
    """Those that were measured, in the order in which they first were."""
    return list(dict.fromkeys(each.name for each in readings if each.table == table))


def _of(readings, table, name):
    return [each for each in readings if (each.table, each.name) == (table, name)]


def _spread(numbers):
    return Spread(statistics.median(numbers), min(numbers), max(numbers)) if numbers else None
