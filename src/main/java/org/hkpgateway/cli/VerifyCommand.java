package org.hkpgateway.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Objects;
import java.util.logging.LogManager;

import org.hkpgateway.conformance.Conformance;
import org.hkpgateway.conformance.JUnitReport;
import org.hkpgateway.conformance.Report;
import org.hkpgateway.conformance.TextReport;
import org.jspecify.annotations.Nullable;

/**
 * {@code plugins verify}: checks one plugin against the protocol.
 */
final class VerifyCommand {

	private final VerifyOptions options;

	private final PrintStream out;

	private final PrintStream err;

	/**
	 * Set when the program is to end: what fails from then on is no fault of the plugin.
	 */
	private volatile boolean ending;

	VerifyCommand(VerifyOptions options, PrintStream out, PrintStream err) {
		this.options = options;
		this.out = out;
		this.err = err;
	}

	/**
	 * Keeps libraries from logging: standard output is for the report. To be called
	 * before the first of them is loaded.
	 */
	static void silenceLibraries() {
		System.setProperty("slf4j.provider", "org.slf4j.helpers.NOP_FallbackServiceProvider");
		System.setProperty("slf4j.internal.verbosity", "ERROR");
		LogManager.getLogManager().reset();
	}

	int run() {
		silenceLibraries();
		TextReport text = new TextReport(this.out);
		try (Conformance conformance = new Conformance(version(), this.options.request(), (result) -> {
			if (!this.ending) {
				text.progress(result);
			}
		})) {
			Thread ctrlC = new Thread(() -> end(conformance), "verify-end");
			Runtime.getRuntime().addShutdownHook(ctrlC);
			Report report = conformance.run();
			if (this.ending || !removed(ctrlC)) {
				// The machine is about to stop: there is no result.
				return CommandLine.FAULTY;
			}
			text.end(report);
			boolean written = this.options.junit() == null || write(report);
			return (report.failed() || !written) ? CommandLine.FAULTY : CommandLine.OK;
		}
		catch (RuntimeException ex) {
			this.err.println("plugins verify: a fault of the kit, not of the plugin; please report it:");
			ex.printStackTrace(this.err);
			return CommandLine.FAULTY;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return CommandLine.FAULTY;
		}
	}

	/**
	 * Whether there is no need for it any more; not so when the program ends just now.
	 */
	private static boolean removed(Thread hook) {
		try {
			return Runtime.getRuntime().removeShutdownHook(hook);
		}
		catch (IllegalStateException ex) {
			return false;
		}
	}

	/** At Ctrl-C: no process is left behind. */
	private void end(Conformance conformance) {
		this.ending = true;
		conformance.close();
	}

	private boolean write(Report report) {
		try {
			JUnitReport.write(report, Objects.requireNonNull(this.options.junit()));
			return true;
		}
		catch (IOException ex) {
			this.err.println("--junit: expected: a file that can be written, got: " + ex);
			return false;
		}
	}

	/** Of the gateway; a build by an IDE has none. */
	private static String version() {
		@Nullable String version = VerifyCommand.class.getPackage().getImplementationVersion();
		return (version != null) ? version : "0";
	}

}
