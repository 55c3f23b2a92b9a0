package org.hkpgateway.conformance;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

import org.hkpgateway.plugin.Transport;
import org.jspecify.annotations.Nullable;

/**
 * What to check.
 *
 * @param directory holds {@code plugin.toml}, or one directory that does
 * @param config merged over the manifest's {@code [plugin.config]}, as the operator's
 * @param transport the only one to check; null for all three
 * @param checks those to make; others are left out of the report
 */
public record VerifyRequest(Path directory, Map<String, Object> config, @Nullable Transport transport,
		Set<Check> checks) {

	public VerifyRequest {
		config = Map.copyOf(config);
		checks = Set.copyOf(checks);
	}

}
