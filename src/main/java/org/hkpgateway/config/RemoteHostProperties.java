package org.hkpgateway.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * {@code hkp.plugins.host}: the port on which plugins that run elsewhere call the gateway
 * back. There is TLS on it, and never anything else.
 *
 * @param address {@code host:port} on which plugins that run elsewhere call the gateway
 * back, for example {@code 192.0.2.10:11391}; empty for no port
 * @param tlsBundle name of an SSL bundle ({@code spring.ssl.bundle}) with a key, needed
 * with the address; with a trust store in it, plugins must show a certificate that it
 * trusts, beside their host-token
 */
public record RemoteHostProperties(@DefaultValue("") String address, @DefaultValue("") String tlsBundle) {

	static final String ADDRESS = "hkp.plugins.host.address";

	static final String TLS_BUNDLE = "hkp.plugins.host.tls-bundle";

	private static final Pattern SYNTAX = Pattern.compile("([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+]):(\\d{1,5})");

	public RemoteHostProperties {
		if (!address.isEmpty()) {
			Matcher matcher = SYNTAX.matcher(address);
			int port = matcher.matches() ? Integer.parseInt(matcher.group(2)) : 0;
			SettingCheck.that(port >= 1 && port <= 65535, ADDRESS,
					"host:port to listen on, for example 192.0.2.10:11391, 0.0.0.0:11391 or [::]:11391", address);
			SettingCheck.that(!tlsBundle.isEmpty(), TLS_BUNDLE,
					"the name of an SSL bundle with a key, because there is no port without TLS", "none");
		}
		SettingCheck.that(tlsBundle.isEmpty() || !address.isEmpty(), ADDRESS,
				"host:port to listen on beside " + TLS_BUNDLE + "; set it, or take the bundle away", "none");
	}

	/** Whether there is such a port. */
	boolean enabled() {
		return !this.address.isEmpty();
	}

	/** A name or a literal address. */
	String host() {
		String host = this.address.substring(0, this.address.lastIndexOf(':'));
		return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
	}

	int port() {
		return Integer.parseInt(this.address.substring(this.address.lastIndexOf(':') + 1));
	}

}
