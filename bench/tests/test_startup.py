import importlib.machinery
import importlib.util
import pathlib
import tempfile
import unittest
from unittest import mock

PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "startup"
LOADER = importlib.machinery.SourceFileLoader("startup", str(PROGRAM))
startup = importlib.util.module_from_spec(importlib.util.spec_from_loader("startup", LOADER))
LOADER.exec_module(startup)


class Run(unittest.TestCase):

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.work = pathlib.Path(directory.name)
        self.java = self.work / "java"
        self.java.write_text("#!/bin/sh\nexec sleep 300\n")
        self.java.chmod(0o755)

    def test_what_was_started_ends_if_the_wait_for_its_answer_does(self):
        # The second is what SIGTERM comes to.
        for interruption in (KeyboardInterrupt(), SystemExit(143), RuntimeError()):
            run = startup.Run.__new__(startup.Run)
            with self.subTest(interruption), mock.patch.object(startup, "answers", side_effect=interruption):
                with self.assertRaises(type(interruption)):
                    run.__init__(str(self.java), [], self.work)
                self.addCleanup(run.process.kill)
                self.assertIsNotNone(run.process.returncode, "it still runs")
