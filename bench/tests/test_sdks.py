import contextlib
import io
import os
import tempfile
import time
import unittest
from unittest import mock

from harness import asking, builds, processes, projects, readings, rounds, sdkpage, sdks, tables
from harness.asking import Contender
from harness.processes import ProcessFailed
from harness.readings import Reading


def read(table, name, number, **values):
    return Reading(table, name, number, {"others": 0.0, **values})


def options(*arguments):
    return sdks._options(["--rounds", "2", "--launches", "3", "--at-once", "1,4", "--warmup", "1", *arguments])


class Command(unittest.TestCase):

    def run_with(self, *arguments):
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            try:
                return sdks.main(arguments), errors.getvalue()
            except SystemExit as end:
                return end.code, errors.getvalue()

    def test_wrong_options_are_told(self):
        for arguments, told in ((["--at-once", "1,x"], "got: 1,x"), (["--contenders", "go,perl"], "got: perl"),
                                (["--plugin", "mine=/nowhere"], "directory with plugin.toml, got: mine=/nowhere"),
                                (["--plugin", "mine"], "got: mine=")):
            code, errors = self.run_with(*arguments)
            self.assertEqual(code, 2)
            self.assertIn(told, errors)

    def test_without_the_builds_it_says_what_to_do(self):
        with tempfile.TemporaryDirectory() as root, mock.patch.object(sdks, "ROOT", root):
            code, errors = self.run_with("--no-build", "--contenders", "bare")
        self.assertEqual(code, 2)
        self.assertIn("missing: asker, decision; run without --no-build", errors)

    def test_a_given_plugin_takes_the_place_of_a_project_or_comes_along(self):
        with tempfile.TemporaryDirectory() as directory:
            with open(os.path.join(directory, "plugin.toml"), "w", encoding="utf-8"):
                pass
            given = options("--plugin", f"java={directory}", "--plugin", f"mine={directory}", "--contenders", "java,m*")
            self.assertEqual(sdks._titles(given), {"java": "Java SDK", "mine": "`mine`"})
            with mock.patch.object(projects, "make") as make:
                java = sdks._contender(None, "java", "Java SDK", given.plugin["java"])
                mine = sdks._contender(None, "mine", "`mine`", given.plugin["mine"])
            make.assert_not_called()
            self.assertEqual((java.directory, java.refusal[1], java.native), (directory, 429, False))
            self.assertEqual((mine.directory, mine.refusal), (directory, None))

    def test_a_project_that_cannot_be_built_is_left_out(self):
        room = mock.Mock(directory=lambda name: "/tmp", find=lambda name: name)
        with mock.patch.object(sdks, "Room", return_value=room), mock.patch.object(sdks, "_await"), \
                mock.patch.object(builds, "take"), contextlib.redirect_stderr(io.StringIO()) as errors, \
                mock.patch.object(projects, "make", side_effect=["/dist", builds.BuildFailed("no compiler")]):
            prepared = sdks._prepare(options(), {"go": "Go SDK", "java": "Java SDK"}, set(), mock.Mock(), "/tmp")
        self.assertEqual(prepared.failures, {"java": "no compiler"})
        self.assertIn("java FAILED and is left out: no compiler", errors.getvalue())


class Making(unittest.TestCase):

    def make(self, language, made):
        commands = []

        def run(directory, command, _hint=""):
            commands.append((os.path.basename(directory), [os.path.basename(part) for part in command]))
            if "new" in command:
                os.mkdir(command[-1])
                with open(os.path.join(command[-1], "pom.xml" if language == "java" else "build.sh"), "w",
                          encoding="utf-8"):
                    pass
            elif made:
                os.makedirs(os.path.join(directory, made))
                with open(os.path.join(directory, made, "plugin.toml"), "w", encoding="utf-8"):
                    pass

        with tempfile.TemporaryDirectory() as directory, mock.patch.object(builds, "run", run):
            found = projects.make("/root", "gateway.jar", language, directory)
            self.assertTrue(os.path.exists(os.path.join(found, "plugin.toml")))
        self.assertEqual(os.path.relpath(found, directory), os.path.join("bench-" + language, made))
        return commands

    def test_projects_are_written_by_the_gateway_and_built_by_their_own_tools(self):
        for language, made, tool in (("go", "dist", "build.sh"), ("java", "dist", "mvnw"), ("java", "target/dist", "mvnw"),
                                     ("python", "dist", "build.sh")):
            written, built = self.make(language, made)
            self.assertEqual(written[1][1:], ["-jar", "gateway.jar", "plugins", "new", "--lang", language,
                                              "bench-" + language, "bench-" + language])
            self.assertEqual((built[0], built[1][0]), ("bench-" + language, tool))

    def test_a_build_that_makes_no_plugin_has_failed(self):
        with self.assertRaisesRegex(builds.BuildFailed, "expected: a plugin.toml in dist"):
            self.make("java", "")

    def test_a_command_that_fails_or_is_not_there_is_told_with_its_last_lines(self):
        with contextlib.redirect_stderr(io.StringIO()):
            with self.assertRaisesRegex(builds.BuildFailed, "(?s)got: 3\nno such module\nMend it"):
                builds.run("/tmp", ["sh", "-c", "echo no such module; exit 3"], "Mend it.")
            with self.assertRaisesRegex(builds.BuildFailed, "expected: exit code 0, got: .*no-such-compiler"):
                builds.run("/tmp", ["/no-such-compiler"])
            with mock.patch.dict(os.environ, {"PATH": "/bin"}):
                builds.run("/tmp", ["sh", "-c", "case $PATH in /bin:*/usr/local/go/bin*) ;; *) exit 1 ;; esac"])


class Asker:
    """Answers as the asker does; a test changes answers by name and action."""

    def __init__(self, **changes):
        self.asked = []
        self._changes = changes

    def ask(self, action, _timeout=30, **query):
        self.asked.append((action, query["name"], query.get("kind")))
        changed = self._changes.get(f"{query['name']}_{action}".replace("-", "_"))
        if isinstance(changed, Exception):
            raise changed
        return {**{
            # No process has this id.
            "launch": {"pid": 2 ** 30, "handshake": 40.0, "initialized": 50.0, "ready": 60.0, "features": ["stream"]},
            "decide": {"continue": False, "status": 429},
            "calls": {"calls": 100, "seconds": 0.5, "p50": 10.0, "p99": 20.0, "errors": 0},
            "stop": {"code": 0, "signal": ""},
        }[action], **(changed or {})}


class Measuring(unittest.TestCase):

    def measure(self, **changes):
        contenders = [Contender(name, name, "/" + name, ("/pks/lookup?op=index&search=ab", 429)) for name in ("a", "b")]
        asker = Asker(**changes)
        measured = asking.Asking(asker, contenders, {}, mock.Mock(running=lambda: []), options())
        with contextlib.redirect_stderr(io.StringIO()):
            measured.run()
        return measured, asker

    def names(self, measured, table):
        return readings.names(measured.readings, table)

    def test_each_is_started_asked_each_way_proved_and_ended(self):
        measured, asker = self.measure()
        self.assertEqual(measured.failures, {})
        self.assertEqual(self.names(measured, "start"), ["a", "b"])
        self.assertEqual(self.names(measured, "calls"),
                         [f"{name}-{kind}-{at_once}" for kind in asking.KINDS for at_once in (1, 4) for name in "ab"])
        self.assertEqual(readings.spread(measured.readings, "calls", "a-unary-1", "rate").median, 200)
        self.assertEqual(readings.spread(measured.readings, "start", "a", "ready").median, 60)
        count = asker.asked.count
        self.assertEqual((count(("launch", "a", None)), count(("launch", "a-again", None))), (1, 2 * 3))
        self.assertEqual((count(("stop", "a", None)), count(("stop", "a-again", None))), (1, 2 * 3))
        self.assertEqual(count(("decide", "b", "stream")), 1 + 2 * 2)
        # The second round goes back.
        self.assertEqual([each.name for each in measured.readings if each.table == "start"], ["a", "b", "b", "a"])

    def test_without_the_feature_there_is_no_stream(self):
        measured, _ = self.measure(a_launch={"features": []})
        self.assertEqual([name for name in self.names(measured, "calls") if name.startswith("a")],
                         ["a-unary-1", "a-unary-4"])

    def test_whoever_fails_is_left_out_and_ended_and_the_others_go_on(self):
        for changes, told in (
                ({"a_launch": ProcessFailed("no handshake")}, "no handshake"),
                ({"a_decide": {"continue": True, "status": 0}}, "unary: expected: 429 to"),
                ({"a_calls": {"errors": 3, "error": "expected: a request that passes"}}, "got: 3, first expected: a request"),
                ({"a_again_stop": {"signal": "terminated"}}, "expected: exit code 0 after Shutdown"),
                ({"a_stop": {"code": 1}}, "expected: exit code 0 after Shutdown")):
            measured, asker = self.measure(**changes)
            self.assertEqual(list(measured.failures), ["a"])
            self.assertIn(told, measured.failures["a"])
            calls = "".join(name[0] for name in self.names(measured, "calls"))
            self.assertEqual((calls.count("a"), calls.count("b")), (4 if "a_stop" in changes else 0, 4))
            self.assertIn(("stop", "a", None), asker.asked)


class Page(unittest.TestCase):

    def page(self, *all_of_them):
        run = tables.Run(list(all_of_them), {}, {}, {}, [1, 16], False)
        return sdkpage.markdown(run, {"go": "Go SDK", "java": "Java SDK"})

    def test_starts_and_memory_are_compared_with_the_go_sdk_in_the_same_round(self):
        page = self.page(*(
            read("start", name, number, handshake=30 * size, initialized=35 * size, ready=40 * size, cpu=20, resident=15 * size,
                 processes=1) for number in (1, 2) for name, size in (("go", number), ("java", 10 * number))),
            read("memory", "go", 1, loaded=20), read("memory", "java", 1, loaded=120))
        self.assertIn("| Java SDK | 450 (300–600) | 525 | 600 (400–800) | 10.00 | 20 | 225 (150–300) | 10.00 | "
                      "120 (120–120) | 6.00 | 1 |", page)

    def test_in_short_there_is_a_line_for_each(self):
        page = self.page(
            read("start", "java", 1, handshake=1, initialized=2, ready=600, cpu=3, resident=90, processes=1),
            *(read("calls", f"java-{kind}-{at_once}", number, rate=rate * number, p50=1, p99=2, cpu=at_once, errors=0)
              for kind, rate in (("unary", 1000), ("stream", 5000)) for at_once in (1, 16) for number in (1, 2, 3)))
        self.assertIn("| Java SDK | 600 | 90 | – | 2,000 | 16 | 10,000 | 16 |", page)
        self.assertNotIn("| Go SDK |", page)

    def test_calls_are_compared_way_by_way_and_errors_stand_out(self):
        page = self.page(*(read("calls", name, 1, rate=rate, p50=100, p99=900, cpu=cpu, errors=errors)
                           for name, rate, cpu, errors in (("go-unary-16", 20000, 30, 0), ("java-unary-16", 15000, 45, 2),
                                                           ("go-stream-16", 60000, 10, 0))))
        self.assertIn("| Java SDK | unary | 16 | 15,000 (15,000–15,000) | 0.75 | 100 | 900 | 45 (45–45) | 1.50 | **2** |", page)
        self.assertIn("| Go SDK | stream | 16 | 60,000 (60,000–60,000) | 1.00 |", page)
        self.assertNotIn("warming up", page)

    def test_who_gets_cheaper_from_round_to_round_was_not_warm(self):
        common = {"rate": 1, "p50": 1, "p99": 1, "errors": 0}
        page = self.page(*(read("calls", name, number, cpu=cpu, **common) for name, number, cpu in (
            ("java-unary-1", 1, 100), ("java-unary-1", 2, 80), ("go-unary-1", 1, 100), ("go-unary-1", 2, 90))))
        self.assertIn("Take a longer `--warmup`: java-unary-1\n", page)

    def test_what_children_used_that_have_ended_counts(self):
        with tempfile.TemporaryDirectory() as directory, processes.Keeper(directory) as keeper:
            script = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done"
            parent = keeper.start("parent", ["sh", "-c", f"sh -c '{script}'; echo up; read end"])
            deadline = time.monotonic() + 60
            while "up" not in parent.tail():
                parent.check()
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)
            self.assertGreater(processes.Usage([parent]).seconds, 0.05)
            self.assertLess(processes.seconds(parent.pid), 0.05)


class Rounds(unittest.TestCase):

    class Measuring:

        def __init__(self, action):
            self.readings, self.failures, self._action = [], {}, action

        def run(self):
            self.readings.append(read("start", "go", 1))
            self._action(self)

    def conduct(self, action):
        with tempfile.TemporaryDirectory() as root, contextlib.redirect_stderr(io.StringIO()), \
                contextlib.redirect_stdout(io.StringIO()) as page:
            command = rounds.Command("sdks", root, lambda run: f"page, interrupted: {run.interrupted}, {run.left_out}")
            code = command.measure(lambda _keeper, _directory: self.Measuring(action), {"redis": "missing"}, "as stated", [1],
                                   None)
            written = sorted(os.listdir(os.path.join(root, "target", "bench", os.listdir(
                os.path.join(root, "target", "bench"))[0])))
        self.assertEqual(written, ["sdks.csv", "sdks.json", "sdks.md"])
        return code, page.getvalue()

    def test_a_failure_ends_with_1_and_is_told_with_what_was_left_out(self):
        self.assertEqual(self.conduct(lambda _: None), (0, "page, interrupted: False, {'redis': 'missing'}\n"))
        code, page = self.conduct(lambda measuring: measuring.failures.update(go="broken"))
        self.assertEqual(code, 1)
        self.assertIn("'go': 'broken'", page)

    def test_an_interrupted_run_reports_what_it_has(self):
        def interrupt(_):
            raise KeyboardInterrupt
        code, page = self.conduct(interrupt)
        self.assertEqual(code, 130)
        self.assertIn("interrupted: True", page)


if __name__ == "__main__":
    unittest.main()
