package org.hkpgateway.proxy;

import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

import io.netty.util.NetUtil;
import org.hkpgateway.http.AddressRange;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.function.SingletonSupplier;

/**
 * {@code hkp.client-address}: who the client is.
 *
 * @param trustedProxies addresses or CIDRs of your own proxies, whose X-Forwarded-For or
 * Forwarded is believed: the right-most address that is not itself one is the client
 * @param header one header to believe instead, for example {@code CF-Connecting-IP}; only
 * from trusted proxies; empty for none
 * @param proxyProtocol whether trusted proxies begin connections with a header of the
 * PROXY protocol
 * @param log how much of a client's address the access log shows: {@code truncated} is
 * the /24 of IPv4 and the /48 of IPv6
 */
public record ClientAddressSettings(@DefaultValue List<String> trustedProxies, @DefaultValue("") String header,
		@DefaultValue("off") ProxyProtocol proxyProtocol, @DefaultValue("full") Log log) {

	public ClientAddressSettings {
		trustedProxies = List.copyOf(trustedProxies);
		for (String proxy : trustedProxies) {
			Checks.that(AddressRange.parse(proxy) != null, "hkp.client-address.trusted-proxies",
					"addresses or CIDRs, for example 192.0.2.0/24 or 2001:db8::/32", proxy);
		}
		Checks.that(header.isEmpty() || !trustedProxies.isEmpty(), "hkp.client-address.header",
				"hkp.client-address.trusted-proxies to be set too, because only trusted proxies are believed", header);
		Checks.that(proxyProtocol == ProxyProtocol.OFF || !trustedProxies.isEmpty(),
				"hkp.client-address.proxy-protocol",
				"hkp.client-address.trusted-proxies to be set too, because only trusted proxies are believed",
				proxyProtocol.name().toLowerCase(Locale.ROOT));
	}

	/** Whether connections begin with a header of the PROXY protocol. */
	public enum ProxyProtocol {

		/** It is not understood. */
		OFF,
		/** Those of trusted proxies may. */
		OPTIONAL,
		/** All do, and trusted proxies alone may connect. */
		REQUIRED

	}

	/** How much of a client's address the log shows. */
	public enum Log {

		/** All of it. */
		FULL,
		/** The /24 of an IPv4 and the /48 of an IPv6 address. */
		TRUNCATED,
		/** Nothing. */
		NONE;

		/**
		 * Shows an address.
		 * @param address of a client
		 * @return as much of it as the log may show; empty for nothing
		 */
		String show(InetAddress address) {
			return switch (this) {
				case FULL -> NetUtil.toAddressString(address);
				case TRUNCATED -> AccessLog.truncated(address);
				case NONE -> "";
			};
		}

		/**
		 * Takes an address out of texts: a plugin's words may name the client, and so may
		 * the client in its target.
		 * @param address of the client; null if nobody knows it
		 * @return given a text, the same with as much of the address in its place as the
		 * log may show
		 */
		UnaryOperator<String> hiding(@Nullable InetAddress address) {
			if (this == FULL || address == null) {
				return UnaryOperator.identity();
			}
			// Made when it is needed, which for most requests it is not.
			Supplier<HiddenAddress> hidden = SingletonSupplier
				.of(() -> new HiddenAddress(address, show(address).isEmpty() ? "(address)" : show(address)));
			return (text) -> HiddenAddress.mayBeIn(text) ? hidden.get().in(text) : text;
		}

	}

}
