import os
import tempfile
import time
import unittest
from unittest import mock

from harness import processes


class Keeping(unittest.TestCase):

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        for constant in ("STOP_SECONDS", "LEFTOVER_SECONDS"):
            impatient = mock.patch.object(processes, constant, 0.2)
            impatient.start()
            self.addCleanup(impatient.stop)

    def test_at_the_end_neither_the_process_nor_its_child_is_left(self):
        with processes.Keeper(self.directory) as keeper:
            stubborn = keeper.start("stubborn", ["sh", "-c", "trap '' TERM; sleep 300 & echo up; wait; sleep 300"])
            self.await_line(stubborn, "up")
            family = processes.tree(stubborn.pid)
            self.assertEqual(len(family), 2)
        # A child that init has not yet buried is a zombie, and no longer runs.
        self.assertFalse(any(processes._alive(identity) for identity in family))

    def test_one_that_has_ended_is_told_with_its_last_lines(self):
        with processes.Keeper(self.directory) as keeper:
            ended = keeper.start("short", ["sh", "-c", "echo no such upstream; exit 3"])
            ended.popen.wait(10)
            with self.assertRaisesRegex(processes.ProcessFailed, r"short: .* exit code 3\n    no such upstream"):
                ended.check()

    def test_usage_counts_the_whole_tree(self):
        with processes.Keeper(self.directory) as keeper:
            parent = keeper.start("parent", ["sh", "-c", "sleep 300 & echo up; wait"])
            self.await_line(parent, "up")
            usage = processes.Usage([parent])
            self.assertEqual(usage.count, 2)
            self.assertGreater(usage.resident, 100_000)

    def await_line(self, started, line):
        deadline = time.monotonic() + 10
        while line not in started.tail():
            self.assertLess(time.monotonic(), deadline, f"expected: {line} in {os.path.basename(started.log)}")
            time.sleep(0.02)


if __name__ == "__main__":
    unittest.main()
