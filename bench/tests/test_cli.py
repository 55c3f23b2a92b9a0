import contextlib
import io
import os
import tempfile
import unittest
from unittest import mock

from harness import builds, cli, contenders


class Command(unittest.TestCase):

    def run_with(self, *arguments):
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            return cli.main(arguments), errors.getvalue()

    def test_a_contender_that_does_not_exist_is_wrong_use(self):
        code, errors = self.run_with("--contenders", "apache")
        self.assertEqual(code, 2)
        self.assertIn("got: apache", errors)

    def test_without_a_program_that_every_run_needs_it_names_the_package(self):
        with mock.patch.object(cli.machine, "program", lambda name: None):
            code, errors = self.run_with("--no-build", "--contenders", "nginx")
        self.assertEqual(code, 2)
        self.assertIn("apt-get install wrk nginx", errors)

    def test_who_lacks_something_is_skipped_with_the_reason(self):
        room = mock.Mock(find=lambda name: "/usr/sbin/nginx" if name == "nginx" else None)
        chosen = contenders.choose("nginx,nginx-auth,haproxy,gateway-0", contenders.catalogue())
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            present, left_out = cli._present(chosen, room)
        self.assertEqual([each.name for each in present], ["nginx"])
        self.assertEqual(left_out["haproxy"], "missing: haproxy (Debian: apt-get install haproxy)")
        self.assertIn("decision (not built; that needs Go", left_out["nginx-auth"])
        self.assertEqual(errors.getvalue().count("SKIPPED"), 3)

    def test_what_was_built_is_copied_so_that_a_later_build_does_not_disturb(self):
        with tempfile.TemporaryDirectory() as root, tempfile.TemporaryDirectory() as directory:
            built = builds.products(root)["gateway"]
            os.makedirs(os.path.dirname(built))
            with open(built, "w", encoding="utf-8") as jar:
                jar.write("a jar")
            taken = builds.take(root, {"gateway", "forwarder"}, directory)
            self.assertEqual(os.path.dirname(taken["gateway"]), directory)
            self.assertTrue(os.path.exists(taken["gateway"]))
            self.assertFalse(os.path.exists(taken["forwarder"]))


if __name__ == "__main__":
    unittest.main()
