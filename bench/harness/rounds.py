"""What commands that measure in rounds have in common: prepare, measure, end what was started, report."""

import datetime
import os
import shutil
import sys
import tempfile

from harness import machine, tables
from harness.processes import Keeper


class Command:
    """A command by its name, which its directories and files of results bear."""

    def __init__(self, name, root, page, *programs):
        self._name = name
        self._root = root
        self._programs = programs   # whose versions matter
        self._page = page       # makes the page of a run

    def measure(self, prepare, left_out, stated, callers, out):
        """Lets something be prepared, which then runs and has readings and failures; returns the exit code. All that
        was started has then ended, after Ctrl-C too."""
        directory = tempfile.mkdtemp(prefix="hkpb", dir="/tmp")
        facts, interrupted, measuring = machine.describe(self._root, self._programs), False, None
        try:
            with Keeper(directory) as keeper:
                try:
                    measuring = prepare(keeper, directory)
                    measuring.run()
                except KeyboardInterrupt:
                    interrupted = True
                    print("\ninterrupted: ending what was started", file=sys.stderr, flush=True)
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        if measuring is None or not measuring.readings:
            return 130 if interrupted else 1
        run = tables.Run(measuring.readings, {**left_out, **measuring.failures}, facts, {"options": stated}, callers,
                         interrupted)
        self._report(run, out or os.path.join(self._root, "target", "bench", datetime.datetime.now().strftime(
            f"{self._name}-%Y%m%d-%H%M%S")))
        return 130 if interrupted else 1 if measuring.failures else 0

    def _report(self, run, out):
        page = self._page(run)
        tables.write(run, page, out, self._name)
        print(page)
        print(f"{self._name}: {self._name}.md, .csv and .json are in {os.path.abspath(out)}", file=sys.stderr)
