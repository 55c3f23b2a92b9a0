package org.hkpgateway.conformance;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

import org.hkpgateway.manifest.Discovery;
import org.hkpgateway.manifest.PluginDiscovery;
import org.hkpgateway.manifest.ScanRequest;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.Network;
import org.hkpgateway.plugin.PluginDefaults;
import org.hkpgateway.plugin.PluginSettings;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.Transport;
import org.jspecify.annotations.Nullable;

/**
 * The plugin, as an operator would configure it who grants all that it asks for.
 *
 * @param request what to check
 */
record Subject(VerifyRequest request) {

	/** What is found, with default transport and network. */
	Discovery discover() {
		return discover(null, Network.UNIX);
	}

	/**
	 * The plugin to be launched in one way.
	 * @throws java.util.NoSuchElementException if there is none
	 */
	PluginSpec spec(Transport transport, Network network) {
		return discover(transport, network).plugins().stream().findFirst().orElseThrow();
	}

	private Discovery discover(@Nullable Transport transport, Network network) {
		PluginSettings base = PluginSettings.DEFAULTS;
		PluginSettings settings = new PluginSettings(true, base.order(), base.mode(), base.match(), base.required(),
				base.fail(), base.timeout(), base.maxConcurrent(), base.body(), base.bodyPrefixBytes(),
				List.of(Capability.values()), base.handshake(), transport, base.isolation(), network, base.sha256(),
				base.attach(), base.environment(), Objects.requireNonNull(this.request.config()));
		return new PluginDiscovery().scan(new ScanRequest(List.of(this.request.directory()), Map.of(), Set.of(),
				(id) -> settings, PluginDefaults.DEFAULTS));
	}

}
