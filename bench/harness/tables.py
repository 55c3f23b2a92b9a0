"""Writes what was read in rounds: a page in Markdown, and tables for programs."""

import csv
import dataclasses
import json
import os

from harness import readings as reading


@dataclasses.dataclass(frozen=True)
class Run:
    """A run that is over."""

    readings: list
    left_out: dict      # name: reason
    facts: dict         # of the machine
    options: dict
    callers: list       # how many at once
    interrupted: bool


def write(run, text, directory, name):
    """Writes the page, and what it was made of, to name.md, .json and .csv."""
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, name + ".md"), "w", encoding="utf-8") as file:
        file.write(text)
    with open(os.path.join(directory, name + ".json"), "w", encoding="utf-8") as file:
        json.dump({"facts": run.facts, "options": run.options, "interrupted": run.interrupted,
                   "left_out": run.left_out, "readings": [dataclasses.asdict(each) for each in run.readings]},
                  file, indent=1, ensure_ascii=False)
        file.write("\n")
    with open(os.path.join(directory, name + ".csv"), "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["table", "name", "round", "value", "number"])
        rows.writerows([each.table, each.name, each.round, value, number]
                       for each in run.readings for value, number in each.values.items())


def page(title, run, parts):
    """What was measured on which machine, the parts (headings with lines, if any), and what was left out."""
    others = max(each.values["others"] for each in run.readings)
    lines = [f"# {title}", ""]
    if run.interrupted:
        lines += ["**Interrupted**: some rounds are missing.", ""]
    lines += [f"- {name}: {value}" for name, value in {**run.facts, **run.options}.items()]
    lines += [f"- other programs used up to {others:.0%} of the processors during a measurement"
              + (" (**a busy machine: do not compare across runs**)" if others > 0.1 else "")]
    for heading, part in parts:
        if part:
            lines += ["", f"## {heading}", "", *part]
    if run.left_out:
        lines += ["", "## Left out", ""]
        lines += [f"- {name}: {reason.strip().splitlines()[0]}" for name, reason in run.left_out.items()]
    return "\n".join(lines) + "\n"


def errors(run, table_name, name):
    """How many errors there were in all rounds."""
    count = reading.total(run.readings, table_name, name, "errors")
    return f"**{count:.0f}**" if count else "0"


def with_spread(spread, form):
    """Median, least and most."""
    return f"{spread.median:{form}} ({spread.least:{form}}–{spread.most:{form}})"


def ratio(found):
    """Median, and least and most if they differ."""
    if found is None:
        return "–"
    if found.most - found.least < 0.005:
        return f"{found.median:.2f}"
    return with_spread(found, ".2f")


def table(head, body):
    """Lines of Markdown."""
    aligned = ["---"] + ["---:"] * (len(head) - 1)
    return ["| " + " | ".join(line) + " |" for line in [head, aligned, *body]]
