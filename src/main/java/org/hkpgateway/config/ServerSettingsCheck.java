package org.hkpgateway.config;

import java.util.Map;
import java.util.TreeMap;

import org.springframework.boot.context.properties.bind.BindResult;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * Refuses settings of Spring Boot's server that the public port does not keep. Some would
 * have no effect, TLS above all; others would work against the gateway's own limits.
 */
final class ServerSettingsCheck {

	private static final String FORWARD_HEADERS = "server.forward-headers-strategy";

	/** What to do in their place. */
	private static final Map<String, String> REFUSED = Map.of("server.ssl", "TLS of the public port is hkp.tls.bundle.",
			"server.http2", "HTTP/2 is always served.", "server.compression",
			"Answers pass as the keyserver sends them.", "server.netty",
			"The limits of the public port are those of hkp.edge, for example hkp.edge.idle-timeout.",
			"server.max-http-request-header-size", "Set hkp.edge.max-header-bytes.", "server.shutdown",
			"A stop is always graceful; set hkp.shutdown.drain.", FORWARD_HEADERS,
			"Set hkp.client-address.trusted-proxies.");

	/** What asks for what is done anyhow. */
	private static final Map<String, String> HARMLESS = Map.of("server.ssl", "{enabled=false}", "server.http2",
			"{enabled=true}", "server.compression", "{enabled=false}", "server.shutdown", "graceful", FORWARD_HEADERS,
			"none");

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
						key + ": expected: not to be set, because the public port does not use it, got: a setting",
						"Take " + key + " away. " + instead);
			}
		});
	}

	/** Variables of an environment may be there and empty. */
	private static boolean isSet(Binder binder, String key) {
		BindResult<String> value = binder.bind(key, String.class);
		String all = value.isBound() ? value.get() : below(binder, key);
		return !all.isBlank() && !all.equalsIgnoreCase(HARMLESS.get(key));
	}

	private static String below(Binder binder, String key) {
		Map<String, Object> all = new TreeMap<>(
				binder.bind(key, Bindable.mapOf(String.class, Object.class)).orElse(Map.of()));
		all.values().removeIf((one) -> one.toString().isBlank());
		return all.isEmpty() ? "" : all.toString();
	}

}
