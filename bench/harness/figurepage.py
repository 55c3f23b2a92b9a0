"""Writes the figures: a page in Markdown, and tables for programs."""

import csv
import dataclasses
import json
import os

from harness import hosting, readings as reading


@dataclasses.dataclass(frozen=True)
class Run:
    """A run that is over."""

    readings: list
    left_out: dict      # name: reason
    facts: dict         # of the machine
    options: dict
    callers: list
    interrupted: bool


def write(run, directory):
    """Writes all files; returns the page."""
    os.makedirs(directory, exist_ok=True)
    page = markdown(run)
    with open(os.path.join(directory, "figures.md"), "w", encoding="utf-8") as file:
        file.write(page)
    with open(os.path.join(directory, "figures.json"), "w", encoding="utf-8") as file:
        json.dump({"facts": run.facts, "options": run.options, "interrupted": run.interrupted,
                   "left_out": run.left_out, "readings": [dataclasses.asdict(each) for each in run.readings]},
                  file, indent=1, ensure_ascii=False)
        file.write("\n")
    with open(os.path.join(directory, "figures.csv"), "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["table", "name", "round", "value", "number"])
        table.writerows([each.table, each.name, each.round, value, number]
                        for each in run.readings for value, number in each.values.items())
    return page


def markdown(run):
    """The page."""
    others = max(each.values["others"] for each in run.readings)
    lines = ["# What plugins ask of the gateway", ""]
    if run.interrupted:
        lines += ["**Interrupted**: some rounds are missing.", ""]
    lines += [f"- {name}: {value}" for name, value in {**run.facts, **run.options}.items()]
    lines += [f"- other programs used up to {others:.0%} of the processors during a measurement"
              + (" (**a busy machine: do not compare across runs**)" if others > 0.1 else "")]
    for title, table in (("Calls of a plugin to its host", _calls(run)), ("Events", _events(run)),
                         ("Requests beside events", _requests(run))):
        if table:
            lines += ["", f"## {title}", "", *table]
    if run.left_out:
        lines += ["", "## Left out", ""]
        lines += [f"- {name}: {reason.strip().splitlines()[0]}" for name, reason in run.left_out.items()]
    return "\n".join(lines) + "\n"


def _calls(run):
    body = []
    for callers in run.callers:
        for call in hosting.CALLS:
            name, base = f"{call.name}-{callers}", f"host-info-{callers}"
            rate = reading.spread(run.readings, "calls", name, "rate")
            if rate is None:
                continue
            body.append([call.title, str(callers), _with_spread(rate, ",.0f"),
                         _ratio(reading.ratio(run.readings, "calls", name, base, "rate")),
                         *(f"{reading.spread(run.readings, 'calls', name, value).median:,.0f}"
                           for value in ("p50", "p99")), _errors(run, "calls", name)])
    if not body:
        return []
    return [*_table(["call", "at once", "calls/s", "× host information", "p50 µs", "p99 µs", "errors"], body),
            *_comparisons(run)]


def _comparisons(run):
    """What is to be compared with what."""
    lines = []
    for text, name, base in (("a cached lookup as a multiple of one that is not", "lookup-cached", "lookup-uncached"),
                             ("a lookup that is not cached as a multiple of the same asked directly", "lookup-uncached",
                              "http"),
                             ("a token in process as a multiple of one in Redis", "tokens-local", "tokens-redis"),
                             ("a token in Redis as a multiple of asking Redis directly", "tokens-redis", "redis")):
        found = [(callers, reading.ratio(run.readings, "calls", f"{name}-{callers}", f"{base}-{callers}", "rate"))
                 for callers in run.callers]
        shown = ", ".join(f"{callers} at once {_ratio(ratio)}" for callers, ratio in found if ratio)
        if shown:
            lines.append(f"- {text}, in calls/s: {shown}")
    return ["", *lines] if lines else []


def _events(run):
    body = []
    for stream in hosting.STREAMS:
        found = {value: reading.spread(run.readings, "events", stream.name, value)
                 for value in ("emitted", "received", "lost", "batch", "cpu")}
        if found["emitted"]:
            body.append([stream.title, _with_spread(found["emitted"], ",.0f"), _with_spread(found["received"], ",.0f"),
                         f"{found['lost'].median:.1%}", f"{found['batch'].median:.0f}", f"{found['cpu'].median:.1f}"])
    return _table(["as fast as they may", "published/s", "received/s", "lost", "events a batch",
                   "gateway's CPU µs/event"], body) if body else []


def _requests(run):
    body = []
    for condition in hosting.CONDITIONS:
        def spread(value, name=condition.name):
            return reading.spread(run.readings, "requests", name, value)
        if not spread("rate"):
            continue
        before, after, cpu, asleep, told, healthy = (
            spread(value) for value in ("before", "after", "cpu", "lost asleep", "stopped lost", "healthy lost"))
        body.append([condition.title, f"{spread('emitted').median:,.0f}", f"{spread('rate').median:,.0f}",
                     _milliseconds(spread("p50")), _to_healthy(run, condition, "p50"), _milliseconds(spread("p99")),
                     _to_healthy(run, condition, "p99"), f"{cpu.median:.2f}",
                     f"{before.median:.0f} → {after.median:.0f}", f"{healthy.median:,.0f}" if healthy else "–",
                     f"{asleep.median:,.0f}" if condition.stopped else "–", f"{told.median:,.0f}" if told else "–",
                     _errors(run, "requests", condition.name)])
    return _table(["beside requests", "events/s", "req/s", "p50 ms", "× healthy", "p99 ms", "× healthy",
                   "processors used", "RSS MB", "healthy one lost", "stopped one lost", "told on waking", "errors"], body) if body else []


def _to_healthy(run, condition, value):
    return _ratio(reading.ratio(run.readings, "requests", condition.name, "healthy", value))


def _errors(run, table, name):
    errors = reading.total(run.readings, table, name, "errors")
    return f"**{errors:.0f}**" if errors else "0"


def _milliseconds(spread):
    return f"{spread.median / 1000:.2f} ({spread.least / 1000:.2f}–{spread.most / 1000:.2f})"


def _with_spread(spread, form):
    return f"{spread.median:{form}} ({spread.least:{form}}–{spread.most:{form}})"


def _ratio(ratio):
    if ratio is None:
        return "–"
    if ratio.most - ratio.least < 0.005:
        return f"{ratio.median:.2f}"
    return f"{ratio.median:.2f} ({ratio.least:.2f}–{ratio.most:.2f})"


def _table(head, body):
    aligned = ["---"] + ["---:"] * (len(head) - 1)
    return ["| " + " | ".join(line) + " |" for line in [head, aligned, *body]]
