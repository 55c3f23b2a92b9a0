import unittest
import xml.etree.ElementTree as ElementTree

from harness import contenders, picture, report, results, session
from harness.load import Measurement


def measured(contender, number, throughput, p50=1.0, errors=0, others=0.0, cpu=20.0):
    return Measurement(contender=contender, round=number, throughput=throughput, p50=p50, p99=10 * p50, cpu=cpu,
                       resident=100.0, processes=2, errors=errors, others=others)


def chosen(patterns):
    return contenders.choose(patterns, contenders.catalogue())


class Choice(unittest.TestCase):

    def test_patterns_choose_in_the_order_of_the_report(self):
        names = [each.name for each in chosen("gateway-3-*-mtls, nginx")]
        self.assertEqual(names, ["nginx", "gateway-3-unary-mtls", "gateway-3-stream-mtls"])

    def test_a_pattern_that_fits_nobody_is_an_error_with_the_names(self):
        with self.assertRaisesRegex(ValueError, "got: apache; there are direct, nginx,"):
            chosen("nginx,apache")

    def test_names_are_unique(self):
        names = [each.name for each in contenders.catalogue()]
        self.assertEqual(len(names), len(set(names)))

    def test_rounds_go_forth_and_back(self):
        self.assertEqual([session.turn("abc", number) for number in (1, 2, 3)], [list("abc"), list("cba"), list("abc")])


class Figures(unittest.TestCase):

    def test_ratios_are_those_of_the_same_round(self):
        # The machine was half as fast in round 2; the ratio is not.
        rounds = [measured("nginx", 1, 1000), measured("forwarder", 1, 500), measured("nginx", 2, 500),
                  measured("forwarder", 2, 300), measured("forwarder", 3, 9000)]
        self.assertEqual(results.ratio(rounds, "forwarder", "nginx"), results.Ratio(0.55, 0.5, 0.6))
        self.assertIsNone(results.ratio(rounds, "forwarder", "haproxy"))

    def test_every_figure_has_its_ratio(self):
        rounds = [measured("nginx", 1, 1000, p50=2.0), measured("forwarder", 1, 500, p50=5.0),
                  measured("nginx", 2, 1000, p50=1.0), measured("forwarder", 2, 500, p50=3.5)]
        row = [row for row in results.rows(chosen("*"), rounds) if row.name == "forwarder"][0]
        self.assertEqual(row.p50_to_nginx, results.Ratio(3.0, 2.5, 3.5))
        self.assertEqual(row.p99_to_nginx, results.Ratio(3.0, 2.5, 3.5))
        self.assertEqual(row.resident_to_nginx.median, 1.0)

    def test_rows_are_medians_and_errors_add_up(self):
        rounds = [measured("nginx", 1, 100, errors=1), measured("nginx", 2, 900), measured("nginx", 3, 300, errors=2)]
        row, = results.rows(chosen("*"), rounds)
        self.assertEqual((row.name, row.throughput, row.errors), ("nginx", 300, 3))

    def test_aims_say_met_missed_or_not_measured(self):
        rounds = [measured("gateway-0", 1, 90), measured("forwarder", 1, 100), measured("nginx", 1, 190),
                  measured("gateway-1-stream-mtls", 1, 50, p50=0.9), measured("haproxy-spoe", 1, 100)]
        met = {aim.text: aim.met for aim in results.aims(rounds)}
        self.assertIs(met["0 plugins / bare forwarder"], True)
        self.assertIs(met["0 plugins / nginx `proxy_pass`, if the forwarder gets that far"], False)
        self.assertIs(met["1 streaming plugin, mTLS / HAProxy with SPOE"], True)
        self.assertIsNone(met["3 streaming plugins, mTLS / 0 plugins"])


    def test_half_of_nginx_is_no_aim_when_the_forwarder_does_not_get_there(self):
        aim = results.aims([measured("gateway-0", 1, 20), measured("forwarder", 1, 30), measured("nginx", 1, 100)])[1]
        self.assertEqual((aim.got, aim.met), ("0.20, the forwarder 0.30", None))

    def test_a_jvm_that_still_gets_cheaper_is_named(self):
        rounds = [measured("gateway-0", 2, 90, cpu=80), measured("gateway-0", 1, 90, cpu=100),
                  measured("forwarder", 1, 90, cpu=100), measured("forwarder", 2, 90, cpu=90),
                  measured("nginx", 1, 90, cpu=100), measured("nginx", 2, 90, cpu=10)]
        self.assertEqual(results.unsteady(chosen("*"), rounds), ["gateway-0"])


class Page(unittest.TestCase):

    def page(self, measurements, **changes):
        facts = {"contenders": chosen("*"), "measurements": measurements, "left_out": {}, "facts": {}, "options": {},
                 "interrupted": False}
        facts.update(changes)
        run = report.Run(**facts)
        return report.markdown(run, results.rows(run.contenders, measurements))

    def test_errors_those_left_out_and_a_busy_machine_can_be_seen(self):
        page = self.page([measured("nginx", 1, 100, errors=7, others=0.3)], left_out={"haproxy": "missing: haproxy"})
        self.assertIn("| **7** |", page)
        self.assertIn("- haproxy: missing: haproxy", page)
        self.assertIn("up to 30% of the processors", page)
        self.assertIn("busy machine", page)

    def test_an_interrupted_run_says_so(self):
        self.assertIn("**Interrupted**", self.page([measured("nginx", 1, 100)], interrupted=True))
        self.assertNotIn("**Interrupted**", self.page([measured("nginx", 1, 100)]))

    def test_the_picture_is_well_formed_with_and_without_nginx(self):
        for names in (("nginx", "forwarder"), ("forwarder", "gateway-0")):
            rows = results.rows(chosen("*"), [measured(name, 1, 100, p50=0.001) for name in names])
            drawn = ElementTree.fromstring(picture.draw(rows))
            self.assertEqual(len(drawn.findall("{http://www.w3.org/2000/svg}circle")), 2 * len(names))


if __name__ == "__main__":
    unittest.main()
