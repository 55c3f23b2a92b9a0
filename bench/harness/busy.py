"""What others do on this machine while something is measured."""

import os
import time

from harness import machine
from harness.processes import Usage


class Busy:
    """What share of the processors others used meanwhile."""

    def __init__(self, keeper):
        self._keeper = keeper
        self.others = 0.0

    def __enter__(self):
        self._start, self._all, self._ours = time.monotonic(), machine.busy_seconds(), self._own()
        return self

    def __exit__(self, *exception):
        took = time.monotonic() - self._start
        others = machine.busy_seconds() - self._all - (self._own() - self._ours)
        self.others = min(1.0, max(0.0, others / (took * machine.processors())))

    def _own(self):
        return Usage(self._keeper.running()).seconds + sum(os.times()[:4])
