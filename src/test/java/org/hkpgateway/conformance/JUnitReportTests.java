package org.hkpgateway.conformance;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import javax.xml.parsers.DocumentBuilderFactory;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Both forms of one report.
 */
class JUnitReportTests {

	private final Report report = new Report("fake", "1.0",
			List.of(result(Check.SHUTDOWN_EXIT, Outcome.FAIL, "exit code 0", "a <b> & \u001b[2J\ud800"),
					result(Check.COOKIE_EXIT, Outcome.PASS, "", ""),
					result(Check.MANIFEST_CLEAN, Outcome.WARN, "no warnings", "one"),
					result(Check.STREAM_IDS, Outcome.SKIPPED, "", "not declared"),
					result(Check.GATEWAY, Outcome.MISSED, "", "not reached")),
			Duration.ofMillis(1500));

	private static Result result(Check check, Outcome outcome, String expected, String got) {
		return new Result(check, outcome, expected, got, Duration.ofMillis(250));
	}

	@Test
	void isOneSuiteInTheOrderOfTheChecks(@TempDir Path directory) throws Exception {
		Path file = directory.resolve("report.xml");
		JUnitReport.write(this.report, file);
		Element suite = DocumentBuilderFactory.newInstance()
			.newDocumentBuilder()
			.parse(file.toFile())
			.getDocumentElement();
		assertThat(suite.getTagName()).isEqualTo("testsuite");
		assertThat(suite.getAttribute("tests")).isEqualTo("5");
		assertThat(suite.getAttribute("failures")).isEqualTo("1");
		assertThat(suite.getAttribute("errors")).isEqualTo("1");
		assertThat(suite.getAttribute("skipped")).isEqualTo("1");
		assertThat(suite.getAttribute("time")).isEqualTo("1.500");
		var cases = suite.getElementsByTagName("testcase");
		assertThat(List.of(0, 1, 2, 3, 4)).extracting((i) -> ((Element) cases.item(i)).getAttribute("name"))
			.containsExactly("manifest.clean", "cookie.exit", "stream.ids", "shutdown.exit", "gateway.start");
		Element failure = (Element) suite.getElementsByTagName("failure").item(0);
		assertThat(failure.getAttribute("message")).isEqualTo("expected: exit code 0, got: a <b> & ?[2J?");
		assertThat(failure.getTextContent()).contains(Check.SHUTDOWN_EXIT.advice(), "7 Shutdown");
		assertThat(suite.getElementsByTagName("skipped").getLength()).isOne();
		assertThat(((Element) suite.getElementsByTagName("error").item(0)).getAttribute("message"))
			.isEqualTo("not reached");
		assertThat(((Element) suite.getElementsByTagName("system-out").item(0)).getTextContent())
			.startsWith("warning: expected: no warnings, got: one");
	}

	@Test
	void peopleAreToldWhatToDo() {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		TextReport text = new TextReport(new PrintStream(bytes, true, StandardCharsets.UTF_8));
		this.report.results().forEach(text::progress);
		text.end(this.report);
		assertThat(bytes.toString(StandardCharsets.UTF_8))
			.contains("PASS    cookie.exit", "FAIL shutdown.exit: " + Check.SHUTDOWN_EXIT.title(),
					"  expected:   exit code 0\n", "  what to do: " + Check.SHUTDOWN_EXIT.advice() + "\n",
					"  see:        proto/README.md, 7 Shutdown\n")
			.contains("\nNot all was checked, so this is no pass: gateway.start: not reached\n")
			.endsWith("fake 1.0: 5 checks in 1.5 s: 1 passed, 1 failed, 1 warnings, 1 skipped, 1 not reached\n")
			.doesNotContain("\u001b");
	}

}
