"""From measurements to figures: medians over the rounds, and ratios within a round."""

import dataclasses
import statistics
from typing import Optional


# Less than this share of the first round's processor time in the last one: it was still warming up.
_STEADY = 0.85


@dataclasses.dataclass(frozen=True)
class Ratio:
    """One contender's figure as a multiple of another's."""

    median: float
    least: float
    most: float


@dataclasses.dataclass(frozen=True)
class Row:
    """One contender over all rounds: medians, and the worst where that says more."""

    name: str
    title: str
    throughput: float
    p50: float
    p99: float
    cpu: float
    resident: float
    processes: int
    errors: int
    to_nginx: Optional[Ratio]
    to_forwarder: Optional[Ratio]
    p50_to_nginx: Optional[Ratio]
    p99_to_nginx: Optional[Ratio]
    resident_to_nginx: Optional[Ratio]


@dataclasses.dataclass(frozen=True)
class Aim:
    """What the project wants of a figure, and what the figure is; None where it was not measured."""

    text: str
    wanted: str
    got: Optional[str]
    met: Optional[bool]


def rows(contenders, measurements):
    """One row for each contender that was measured."""
    found = []
    for contender in contenders:
        mine = of(measurements, contender.name)
        if mine:
            found.append(Row(
                name=contender.name, title=contender.title,
                throughput=_median(mine, "throughput"), p50=_median(mine, "p50"), p99=_median(mine, "p99"),
                cpu=_median(mine, "cpu"), resident=max(each.resident for each in mine),
                processes=max(each.processes for each in mine), errors=sum(each.errors for each in mine),
                to_nginx=ratio(measurements, contender.name, "nginx"),
                to_forwarder=ratio(measurements, contender.name, "forwarder"),
                p50_to_nginx=ratio(measurements, contender.name, "nginx", "p50"),
                p99_to_nginx=ratio(measurements, contender.name, "nginx", "p99"),
                resident_to_nginx=ratio(measurements, contender.name, "nginx", "resident")))
    return found


def of(measurements, name):
    return [each for each in measurements if each.contender == name]


def ratio(measurements, name, base, field="throughput"):
    """Only rounds in which both were measured count; None if there is none."""
    bases = {each.round: getattr(each, field) for each in of(measurements, base) if getattr(each, field) > 0}
    ratios = [getattr(each, field) / bases[each.round] for each in of(measurements, name) if each.round in bases]
    return Ratio(statistics.median(ratios), min(ratios), max(ratios)) if ratios else None


def unsteady(contenders, measurements):
    """Names of JVMs that a request cost clearly less in the last round than in the first."""
    found = []
    for contender in contenders:
        mine = sorted(of(measurements, contender.name), key=lambda each: each.round)
        if contender.jvm and len(mine) > 1 and mine[-1].cpu < _STEADY * mine[0].cpu:
            found.append(contender.name)
    return found


def aims(measurements):
    """The project's aims for two processors with everything on one machine."""
    found = [
        _at_least(measurements, "gateway-0", "forwarder", 0.85, "0 plugins / bare forwarder"),
        _as_far_as_the_forwarder(measurements),
    ]
    found.append(_at_least(measurements, "gateway-3-stream-plain", "forwarder-3-stream", 0.85,
                           "3 streaming plugins, plaintext / bare forwarder with 3 streams"))
    for transport, short in (("mTLS", "mtls"), ("plaintext", "plain")):
        three, one = f"gateway-3-stream-{short}", f"gateway-1-stream-{short}"
        found.append(_at_least(measurements, three, "gateway-0", 0.50, f"3 streaming plugins, {transport} / 0 plugins"))
        found.append(_at_least(measurements, three, "scg-3", 2.0,
                               f"3 streaming plugins, {transport} / Spring Cloud Gateway with 3 calls"))
        found.append(_level(measurements, one, "haproxy-spoe",
                            f"1 streaming plugin, {transport} / HAProxy with SPOE"))
    return found


def _as_far_as_the_forwarder(measurements):
    aim = _at_least(measurements, "gateway-0", "nginx", 0.50,
                    "0 plugins / nginx `proxy_pass`, if the forwarder gets that far")
    ceiling = ratio(measurements, "forwarder", "nginx")
    if aim.got is None or ceiling is None or ceiling.median >= 0.50:
        return aim
    return dataclasses.replace(aim, got=f"{aim.got}, the forwarder {ceiling.median:.2f}", met=None)


def _at_least(measurements, name, base, wanted, text):
    got = ratio(measurements, name, base)
    if got is None:
        return Aim(text, f"≥ {wanted:.2f}", None, None)
    return Aim(text, f"≥ {wanted:.2f}", f"{got.median:.2f}", got.median >= wanted)


def _level(measurements, name, base, text):
    wanted = "throughput ≥ 1.00 or p50 ≤ 1.00"
    got = ratio(measurements, name, base)
    if got is None:
        return Aim(text, wanted, None, None)
    latency = ratio(measurements, name, base, "p50")
    level = got.median >= 1 or (latency is not None and latency.median <= 1)
    return Aim(text, wanted, f"throughput {got.median:.2f}, p50 {latency.median:.2f}" if latency
               else f"throughput {got.median:.2f}", level)


def _median(measurements, field):
    return statistics.median(getattr(each, field) for each in measurements)
