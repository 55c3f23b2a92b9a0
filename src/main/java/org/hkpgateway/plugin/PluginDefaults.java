package org.hkpgateway.plugin;

import java.util.List;

/**
 * What holds for every plugin whose own settings do not say otherwise.
 *
 * @param grants granted capabilities
 * @param transport how the gateway and a launched plugin know each other
 * @param isolation what a launched plugin is kept from
 */
public record PluginDefaults(List<Capability> grants, Transport transport, IsolationLevel isolation) {

	/** {@code http.request} and {@code http.respond}, mutual TLS, automatic isolation. */
	public static final PluginDefaults DEFAULTS = new PluginDefaults(
			List.of(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND), Transport.MTLS, IsolationLevel.AUTO);

	public PluginDefaults {
		grants = List.copyOf(grants);
	}

}
