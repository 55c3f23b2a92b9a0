package org.hkpgateway.conformance;

import java.util.LinkedHashMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;

import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.process.ExitStatus;
import org.hkpgateway.process.TrialHandshake;
import org.hkpgateway.process.TrialLauncher;
import org.hkpgateway.process.TrialProcess;

/**
 * Launches that a plugin has to refuse: by hand, with credentials that are none, with
 * versions that it does not speak.
 */
final class RefusalChecks {

	private static final String COOKIE = "HKP_PLUGIN_COOKIE";

	private static final String VERSIONS = "PLUGIN_PROTOCOL_VERSIONS";

	private final Bench bench;

	private final Trial trial;

	RefusalChecks(Bench bench, Trial trial) {
		this.bench = bench;
		this.trial = trial;
	}

	/** Without the cookie. */
	void cookie(PluginSpec spec) throws InterruptedException, SessionException {
		if (!this.trial.wants(Check.COOKIE_EXIT, Check.COOKIE_MESSAGE, Check.COOKIE_SILENCE)) {
			return;
		}
		try (Launched launched = this.bench.start(spec, Map.of(COOKIE, TrialLauncher.UNSET))) {
			TrialProcess process = launched.process();
			// One that shakes hands will not exit: it need not be waited for.
			TrialHandshake handshake = process.awaitHandshake(Limits.REFUSAL);
			OptionalInt code = process.awaitExit((handshake.appVersion() > 0) ? Limits.MOMENT : Limits.EXIT);
			if (code.isPresent() && code.getAsInt() == 1) {
				this.trial.pass(Check.COOKIE_EXIT);
			}
			else {
				this.trial.fail(Check.COOKIE_EXIT, "exit code 1", ended(code));
			}
			String said = process.err().text().strip();
			if (said.isEmpty()) {
				this.trial.fail(Check.COOKIE_MESSAGE, "a word on stderr", "nothing");
			}
			else if (!said.toLowerCase(Locale.ROOT).contains("plugin")) {
				this.trial.fail(Check.COOKIE_MESSAGE, "a word on stderr that this is a plugin", "'" + said + "'");
			}
			this.trial.pass(Check.COOKIE_MESSAGE);
			boolean shook = process.out().text().lines().anyMatch((line) -> line.matches("\\d+\\|\\d+\\|.*"));
			if (shook) {
				this.trial.fail(Check.COOKIE_SILENCE, "no handshake", "one");
			}
			this.trial.pass(Check.COOKIE_SILENCE);
		}
	}

	/** With what can be neither a certificate nor a secret. */
	void credentials(PluginSpec spec, boolean certificate, boolean secret)
			throws InterruptedException, SessionException {
		if (!this.trial.wants(Check.CREDENTIALS_MALFORMED)) {
			return;
		}
		List<String> problems = new ArrayList<>();
		Map<String, Map<String, String>> launches = new LinkedHashMap<>();
		if (certificate) {
			launches.put("PLUGIN_CLIENT_CERT that is no certificate", Map.of("PLUGIN_CLIENT_CERT",
					"-----BEGIN NONSENSE-----", "PLUGIN_AUTH_SECRET", TrialLauncher.UNSET));
		}
		if (secret) {
			launches.put("an empty PLUGIN_AUTH_SECRET",
					Map.of("PLUGIN_AUTH_SECRET", "", "PLUGIN_CLIENT_CERT", TrialLauncher.UNSET));
		}
		if (launches.isEmpty()) {
			this.trial.skip(Check.CREDENTIALS_MALFORMED, "--transport plaintext");
			return;
		}
		for (Map.Entry<String, Map<String, String>> launch : launches.entrySet()) {
			try (Launched launched = this.bench.start(spec, launch.getValue())) {
				TrialProcess process = launched.process();
				// One that shakes hands goes on without: it need not be waited for.
				TrialHandshake handshake = process.awaitHandshake(Limits.REFUSAL);
				OptionalInt code = (handshake.line() != null) ? OptionalInt.empty() : process.awaitExit(Limits.EXIT);
				if (handshake.line() != null) {
					problems.add("with " + launch.getKey() + " it shakes hands");
				}
				else if (code.isEmpty() || code.getAsInt() != 1) {
					problems.add("with " + launch.getKey() + " " + ended(code));
				}
				else if (process.err().text().isBlank()) {
					problems.add("with " + launch.getKey() + " it exits without a word on stderr");
				}
			}
		}
		this.trial.judge(Check.CREDENTIALS_MALFORMED, "a reason on stderr and exit code 1", problems);
	}

	/** With versions of which it speaks one, and with others. */
	void versions(PluginSpec spec) throws InterruptedException, SessionException {
		if (this.trial.wants(Check.VERSION_CHOSEN)) {
			try (Launched launched = this.bench.start(spec, Map.of(VERSIONS, "1,97,98"))) {
				TrialHandshake handshake = launched.process().awaitHandshake(launched.start());
				if (handshake.line() != null && handshake.appVersion() == 1) {
					this.trial.pass(Check.VERSION_CHOSEN);
				}
				else {
					this.trial.fail(Check.VERSION_CHOSEN, "app version 1 of the offered 1,97,98",
							(handshake.line() != null) ? "'" + handshake.line() + "'" : handshake.problem());
				}
			}
		}
		if (this.trial.wants(Check.VERSION_NONE)) {
			try (Launched launched = this.bench.start(spec, Map.of(VERSIONS, "97,98"))) {
				none(launched.process());
			}
		}
	}

	private void none(TrialProcess process) throws InterruptedException {
		String expected = "an exit with a reason on stderr, or a handshake with a version of its own";
		TrialHandshake handshake = process.awaitHandshake(Limits.REFUSAL);
		if (handshake.line() != null) {
			boolean claims = handshake.appVersion() == 97 || handshake.appVersion() == 98;
			if (claims) {
				this.trial.fail(Check.VERSION_NONE, expected, "a handshake that claims to speak one of 97,98");
			}
			this.trial.pass(Check.VERSION_NONE, "says that it speaks " + handshake.appVersion());
			return;
		}
		OptionalInt code = process.awaitExit(Limits.EXIT);
		if (code.isEmpty()) {
			this.trial.fail(Check.VERSION_NONE, expected, ended(code));
		}
		else if (code.getAsInt() == 0 || process.err().text().isBlank()) {
			this.trial.fail(Check.VERSION_NONE, expected, ended(code) + ", stderr: '" + process.err().text() + "'");
		}
		this.trial.pass(Check.VERSION_NONE);
	}

	static String ended(OptionalInt code) {
		return code.isPresent() ? new ExitStatus(code.getAsInt(), List.of()).describe() : "it still runs";
	}

}
