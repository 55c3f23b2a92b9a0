import contextlib
import http.server
import io
import json
import os
import socketserver
import subprocess
import tempfile
import threading
import unittest
from unittest import mock

from harness import callers, figurepage, figures, hosting, readings, tables
from harness.processes import ProcessFailed
from harness.readings import Reading, Spread


def read(table, name, number, **values):
    return Reading(table, name, number, {"others": 0.0, **values})


class Command(unittest.TestCase):

    def run_with(self, *arguments):
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            try:
                return figures.main(arguments), errors.getvalue()
            except SystemExit as end:
                return end.code, errors.getvalue()

    def test_wrong_options_are_told(self):
        for arguments, told in ((["--only", "calls,guesses"], "got: calls,guesses"), (["--callers", "1,x"], "got: 1,x"),
                                (["--flood-seconds", "16"], "at most 15")):
            code, errors = self.run_with(*arguments)
            self.assertEqual(code, 2)
            self.assertIn(told, errors)

    def test_without_the_builds_it_says_what_to_do(self):
        with tempfile.TemporaryDirectory() as root, mock.patch.object(figures, "ROOT", root), \
                mock.patch.object(figures.cli, "require"), mock.patch.object(figures.machine, "java", lambda: "java"):
            code, errors = self.run_with("--no-build")
        self.assertEqual(code, 2)
        self.assertIn("missing: gateway, caller", errors)

    def test_what_lacks_something_is_skipped_with_the_reason(self):
        options = figures._options([])
        errors = io.StringIO()
        with mock.patch.object(figures.machine, "program", lambda name: None), contextlib.redirect_stderr(errors):
            calls, streams, conditions, left_out = figures._plan(options)
        self.assertEqual([call.name for call in calls],
                         ["host-info", "lookup-cached", "lookup-uncached", "http", "tokens-local"])
        self.assertEqual((len(streams), conditions), (2, []))
        self.assertIn("apt-get install redis-server", left_out["tokens-redis"])
        self.assertIn("apt-get install wrk", left_out["requests beside events"])
        self.assertEqual(errors.getvalue().count("SKIPPED"), 3)


class Arithmetic(unittest.TestCase):

    def test_ratios_are_those_of_the_same_round(self):
        # The machine was half as fast in round 2; the ratio is not.
        all_of_them = [read("calls", "a", 1, rate=100), read("calls", "b", 1, rate=50), read("calls", "a", 2, rate=50),
                       read("calls", "b", 2, rate=30), read("calls", "b", 3, rate=9000), read("events", "b", 1, rate=1)]
        self.assertEqual(readings.ratio(all_of_them, "calls", "b", "a", "rate"), Spread(0.55, 0.5, 0.6))
        self.assertIsNone(readings.ratio(all_of_them, "calls", "b", "c", "rate"))
        self.assertEqual(readings.spread(all_of_them, "calls", "b", "rate"), Spread(50, 30, 9000))


class Page(unittest.TestCase):

    def page(self, *all_of_them, **changes):
        given = {"readings": list(all_of_them), "left_out": {}, "facts": {}, "options": {}, "callers": [1, 16],
                 "interrupted": False}
        given.update(changes)
        return figurepage.markdown(tables.Run(**given))

    def test_calls_are_compared_with_the_cheapest_one_and_in_pairs(self):
        page = self.page(*(read("calls", name, 1, rate=rate, p50=1000, p99=2000, errors=errors) for name, rate, errors in (
            ("host-info-1", 1000, 0), ("lookup-cached-1", 900, 0), ("lookup-uncached-1", 300, 4))))
        self.assertIn("| storage lookup, cached | 1 | 900 (900–900) | 0.90 | 1,000 | 2,000 | 0 |", page)
        self.assertIn("| **4** |", page)
        self.assertIn("- a cached lookup as a multiple of one that is not, in calls/s: 1 at once 3.00\n", page)
        self.assertNotIn("token", page)

    def test_requests_are_compared_with_those_beside_a_healthy_subscriber(self):
        common = {"emitted": 100000, "rate": 700, "before": 300, "after": 310, "cpu": 0.8, "errors": 0}
        page = self.page(read("requests", "healthy", 1, p50=1000, p99=4000, **{**common, "lost asleep": 0,
                                                                               "healthy lost": 5}),
                         read("requests", "stopped", 1, p50=1100, p99=3000, **{**common, "lost asleep": 490000,
                                                                               "stopped lost": 489000}))
        self.assertIn("| 1.10 (1.10–1.10) | 1.10 | 3.00 (3.00–3.00) | 0.75 | 0.80 | 300 → 310 | – | 490,000 | 489,000 |",
                      page)

    def test_what_was_left_out_a_busy_machine_and_an_interrupted_run_can_be_seen(self):
        page = self.page(read("events", "1-writer", 1, emitted=9, received=8, lost=0.5, batch=4, cpu=7, others=0.4),
                         left_out={"redis": "missing: redis-server"}, interrupted=True)
        for part in ("**Interrupted**", "- redis: missing: redis-server", "up to 40%", "busy machine", "| 50.0% |"):
            self.assertIn(part, page)

    def test_all_files_are_written(self):
        with tempfile.TemporaryDirectory() as directory:
            run = tables.Run([read("events", "1-writer", 1, emitted=9, received=8, lost=0.5, batch=4, cpu=7)], {}, {}, {},
                             [1], False)
            tables.write(run, figurepage.markdown(run), directory, "figures")
            with open(os.path.join(directory, "figures.json"), encoding="utf-8") as file:
                self.assertEqual(json.load(file)["readings"][0]["values"]["received"], 8)
            with open(os.path.join(directory, "figures.csv"), encoding="utf-8") as file:
                self.assertIn("events,1-writer,1,received,8", file.read())


class Told(unittest.TestCase):
    """The socket of a plugin, played by a server that answers what the test wants."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(dir="/tmp")
        self.addCleanup(directory.cleanup)
        self.asked, self.answers = [], []
        told = self

        class Handler(http.server.BaseHTTPRequestHandler):

            def do_GET(self):
                told.asked.append(self.path)
                status, body = told.answers.pop(0) if len(told.answers) > 1 else told.answers[0]
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

            def address_string(self):
                return "test"

            def log_message(self, *_arguments):
                pass

        path = os.path.join(directory.name, "s")
        server = socketserver.UnixStreamServer(path, Handler)
        self.addCleanup(server.server_close)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        self.caller = callers.Caller("plugin", path)

    def test_queries_go_there_and_answers_come_back(self):
        self.answers = [(200, {"calls": 3})]
        self.assertEqual(self.caller.ask("calls", kind="host-info", type=["a", "b"]), {"calls": 3})
        self.assertEqual(self.asked, ["/calls?kind=host-info&type=a&type=b"])

    def test_a_refusal_is_told_in_the_plugins_words(self):
        self.answers = [(400, b"rate: expected: a number\n")]
        with self.assertRaisesRegex(ProcessFailed, "plugin: /emit.*: rate: expected: a number"):
            self.caller.ask("emit")

    def test_a_plugin_that_does_not_listen_is_told(self):
        with self.assertRaisesRegex(ProcessFailed, "expected: a plugin that listens"):
            callers.Caller("gone", "/tmp/no-such-socket").ask("received")

    def subscription(self, *states):
        begin = {"received": 1, "dropped": 0, "batches": 1, "disorder": 0, "open": True}
        self.answers = [(200, {}), (200, {})] + 3 * [(200, begin)]
        self.answers += [(200, {**begin, **state}) for state in states]
        gateway = mock.Mock(callers={"reader": self.caller, "writer": self.caller})
        with mock.patch.object(hosting, "CATCH_UP_SECONDS", 0.3):
            return hosting.Subscription(gateway, "reader", ["writer"]).await_all(10)

    def test_what_came_and_what_was_lost_make_up_what_was_sent(self):
        got = self.subscription({"received": 4}, {"received": 4, "dropped": 7, "batches": 3})
        self.assertEqual((got["received"], got["dropped"], got["batches"]), (3, 7, 2))

    def test_events_that_nobody_accounts_for_are_a_failure(self):
        for state in ({"received": 4, "dropped": 6}, {"received": 4, "dropped": 8}):
            with self.assertRaisesRegex(ProcessFailed, "expected: 10 events, received or lost"):
                self.subscription(state)

    def test_disorder_and_the_end_of_the_stream_are_failures(self):
        with self.assertRaisesRegex(ProcessFailed, "in order"):
            self.subscription({"received": 11, "disorder": 1})
        with self.assertRaisesRegex(ProcessFailed, "its end: too slow"):
            self.subscription({"open": False, "error": "too slow"})


class Stopping(unittest.TestCase):

    def test_a_stopped_process_goes_on_whatever_happens(self):
        child = subprocess.Popen(["sleep", "60"])
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        with self.assertRaises(KeyboardInterrupt), hosting._Stopped(child.pid):
            self.assertTrue(os.WIFSTOPPED(os.waitpid(child.pid, os.WUNTRACED)[1]))
            raise KeyboardInterrupt
        self.assertTrue(os.WIFCONTINUED(os.waitpid(child.pid, os.WCONTINUED)[1]))
        self.assertIsNone(child.poll())


if __name__ == "__main__":
    unittest.main()
