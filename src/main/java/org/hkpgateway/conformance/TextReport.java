package org.hkpgateway.conformance;

import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

import org.hkpgateway.manifest.PlainText;

/**
 * A report for people: a line for each check as soon as it has ended, and at the end all
 * that is wrong.
 */
public final class TextReport {

	private final PrintStream out;

	/**
	 * Prints nothing yet.
	 * @param out where to
	 */
	public TextReport(PrintStream out) {
		this.out = out;
	}

	/**
	 * One line.
	 * @param result what has come of a check
	 */
	public void progress(Result result) {
		String remark = result.summary();
		this.out.println(
				String.format(Locale.ROOT, "%-7s %-26s %6s", result.outcome(), result.check().id(), time(result.took()))
						+ (remark.isEmpty() ? "" : "  " + PlainText.of(remark)));
		this.out.flush();
	}

	/**
	 * All that is wrong, and figures.
	 * @param report what has come of all checks
	 */
	public void end(Report report) {
		explain(report.of(Outcome.WARN));
		explain(report.of(Outcome.FAIL));
		List<Result> missed = report.of(Outcome.MISSED);
		if (!missed.isEmpty()) {
			this.out.println();
			this.out.println("Not all was checked, so this is no pass: " + missed.get(0).check().id() + ": "
					+ PlainText.of(missed.get(0).got()));
		}
		this.out.println();
		this.out.println(PlainText.of(report.plugin() + " " + report.version()).strip() + ": " + report.results().size()
				+ " checks in " + time(report.took()) + ": " + report.of(Outcome.PASS).size() + " passed, "
				+ report.of(Outcome.FAIL).size() + " failed, " + report.of(Outcome.WARN).size() + " warnings, "
				+ report.of(Outcome.SKIPPED).size() + " skipped"
				+ (missed.isEmpty() ? "" : ", " + missed.size() + " not reached"));
		this.out.flush();
	}

	private void explain(List<Result> results) {
		for (Result result : results) {
			this.out.println();
			this.out.println(result.outcome() + " " + result.check().id() + ": " + result.check().title());
			this.out.println("  expected:   " + PlainText.of(result.expected()));
			this.out.println("  got:        " + PlainText.of(result.got()));
			this.out.println("  what to do: " + result.check().advice());
			this.out.println("  see:        proto/README.md, " + result.check().section());
		}
	}

	private static String time(Duration duration) {
		long millis = duration.toMillis();
		return (millis < 1000) ? millis + " ms" : String.format(Locale.ROOT, "%.1f s", millis / 1e3);
	}

}
