package org.hkpgateway.conformance;

import java.util.List;

import org.hkpgateway.manifest.Discovery;
import org.hkpgateway.manifest.Finding;

/**
 * What is found in the plugin's directory, all that {@code plugins check} finds included.
 */
final class ManifestChecks {

	private ManifestChecks() {
	}

	/**
	 * Checks it.
	 * @return whether there is one plugin that can run
	 */
	static boolean run(Discovery discovery, Trial trial) {
		List<String> errors = discovery.errors().stream().map(ManifestChecks::words).toList();
		if (errors.isEmpty() && discovery.plugins().size() != 1) {
			trial.fail(Check.MANIFEST_VALID, "a directory with one plugin", discovery.plugins().isEmpty() ? "none"
					: String.join(", ", discovery.plugins().stream().map((spec) -> spec.id().name()).toList()));
		}
		trial.judge(Check.MANIFEST_VALID, "a plugin that nothing keeps out", errors);
		List<String> warnings = discovery.findings()
			.stream()
			.filter((finding) -> finding.severity() == Finding.Severity.WARNING)
			.map(ManifestChecks::words)
			.toList();
		if (warnings.isEmpty()) {
			trial.pass(Check.MANIFEST_CLEAN);
		}
		else {
			trial.warn(Check.MANIFEST_CLEAN, "no warnings", Trial.some(warnings));
		}
		return errors.isEmpty() && discovery.plugins().size() == 1;
	}

	private static String words(Finding finding) {
		String file = String.valueOf(finding.file().getFileName());
		return ((finding.line() > 0) ? file + ":" + finding.line() : file) + ": " + finding.message();
	}

}
