"""Writes what was measured: a page in Markdown, tables for programs, and a picture."""

import csv
import dataclasses
import json
import os

from harness import picture, results, tables


_VERDICTS = {True: "met", False: "**missed**", None: ""}


@dataclasses.dataclass(frozen=True)
class Run:
    """A run that is over."""

    contenders: list
    measurements: list
    left_out: dict      # name: reason
    facts: dict         # of the machine
    options: dict
    interrupted: bool


def write(run, directory):
    """Writes all files; returns the page."""
    os.makedirs(directory, exist_ok=True)
    rows = results.rows(run.contenders, run.measurements)
    page = markdown(run, rows)
    _write(directory, "results.md", page)
    _write(directory, "results.svg", picture.draw(rows))
    _write(directory, "results.json", json.dumps({
        "facts": run.facts, "options": run.options, "interrupted": run.interrupted, "left_out": run.left_out,
        "rows": [dataclasses.asdict(row) for row in rows],
        "aims": [dataclasses.asdict(aim) for aim in results.aims(run.measurements)],
        "measurements": [dataclasses.asdict(each) for each in run.measurements]}, indent=1, ensure_ascii=False) + "\n")
    with open(os.path.join(directory, "results.csv"), "w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, [field.name for field in dataclasses.fields(run.measurements[0])])
        table.writeheader()
        table.writerows(dataclasses.asdict(each) for each in run.measurements)
    return page


def markdown(run, rows):
    """The page."""
    others = max(each.others for each in run.measurements)
    lines = ["# Benchmark", ""]
    if run.interrupted:
        lines += ["**Interrupted**: some rounds are missing.", ""]
    lines += [f"- {name}: {value}" for name, value in {**run.facts, **run.options}.items()]
    lines += [f"- other programs used up to {others:.0%} of the processors during a measurement"
              + (" (**a busy machine: do not compare across runs**)" if others > 0.1 else ""), ""]
    lines += tables.table(
        ["contender", "req/s", "× nginx", "× forwarder", "p50 ms", "× nginx", "p99 ms", "× nginx", "CPU µs/req", "RSS MB",
         "× nginx", "processes", "errors"],
        [[row.title, f"{row.throughput:,.0f}", tables.ratio(row.to_nginx), tables.ratio(row.to_forwarder),
          f"{row.p50:.2f}", _short(row.p50_to_nginx), f"{row.p99:.2f}", _short(row.p99_to_nginx),
          f"{row.cpu:.1f}", f"{row.resident:.0f}", _short(row.resident_to_nginx), str(row.processes),
          f"**{row.errors}**" if row.errors else "0"] for row in rows])
    unsteady = results.unsteady(run.contenders, run.measurements)
    if unsteady:
        lines += ["", "**Still warming up**, take a longer `--warmup`: " + ", ".join(unsteady)]
    lines += ["", "![Throughput and latency](results.svg)", "", "## Aims", ""]
    lines += tables.table(["ratio of throughputs", "wanted", "measured", ""],
                          [[aim.text, aim.wanted, aim.got or "not measured", _VERDICTS[aim.met]]
                           for aim in results.aims(run.measurements)])
    if run.left_out:
        lines += ["", "## Left out", ""]
        lines += [f"- {name}: {reason.strip().splitlines()[0]}" for name, reason in run.left_out.items()]
    return "\n".join(lines) + "\n"


def _short(ratio):
    """Where the table has no room for the spread, which results.json has."""
    return "–" if ratio is None else f"{ratio.median:.2f}"


def _write(directory, name, text):
    with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
        file.write(text)
