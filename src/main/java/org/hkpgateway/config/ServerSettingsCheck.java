package org.hkpgateway.config;

import java.util.Map;

import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * Refuses settings of Spring Boot's server that the public port does not keep. Some would
 * have no effect, TLS above all; others would work against the gateway's own limits.
 */
final class ServerSettingsCheck {

	private static final String FORWARD_HEADERS = "server.forward-headers-strategy";

	/** What to set in their place. */
	private static final Map<String, String> REFUSED = Map.of("server.ssl", "hkp.tls.bundle", "server.http2",
			"nothing: HTTP/2 is always served", "server.compression",
			"nothing: answers pass as the keyserver sends them", "server.netty",
			"the limits of hkp.edge, for example hkp.edge.idle-timeout", "server.max-http-request-header-size",
			"hkp.edge.max-header-bytes", "server.shutdown", "hkp.shutdown.drain", FORWARD_HEADERS,
			"hkp.client-address.trusted-proxies");

	private ServerSettingsCheck() {
	}

	/**
	 * Checks what is configured.
	 * @param environment all settings
	 * @throws UnusableSettingException if one of them is refused
	 */
	static void check(Environment environment) {
		Binder binder = Binder.get(environment);
		REFUSED.forEach((key, instead) -> {
			if (isSet(binder, key)) {
				throw new UnusableSettingException(
						key + ": expected: not to be set, because the public port does not use it, " + "got: a setting",
						"Take " + key + " away. Set in its place " + instead + ".");
			}
		});
	}

	private static boolean isSet(Binder binder, String key) {
		if (key.equals(FORWARD_HEADERS)) {
			return !binder.bind(key, String.class).orElse("none").equalsIgnoreCase("none");
		}
		return binder.bind(key, Bindable.of(Object.class)).isBound()
				|| binder.bind(key, Bindable.mapOf(String.class, Object.class)).isBound();
	}

}
