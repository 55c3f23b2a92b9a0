package org.hkpgateway.proxy;

import java.net.InetAddress;
import java.net.InetSocketAddress;

import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import io.netty.util.NetUtil;
import org.jspecify.annotations.Nullable;

/**
 * A range of IP addresses in CIDR notation.
 */
final class AddressRange {

	private final IpSubnetFilterRule rule;

	private AddressRange(IpSubnetFilterRule rule) {
		this.rule = rule;
	}

	/**
	 * Reads an address or a CIDR.
	 * @param text for example {@code 192.0.2.1} or {@code 2001:db8::/32}
	 * @return the range, or null if the text is neither
	 */
	static @Nullable AddressRange parse(String text) {
		int slash = text.indexOf('/');
		InetAddress address = NetUtil
			.createInetAddressFromIpAddressString((slash < 0) ? text : text.substring(0, slash));
		if (address == null) {
			return null;
		}
		int bits = address.getAddress().length * 8;
		try {
			int prefix = (slash < 0) ? bits : Integer.parseInt(text.substring(slash + 1));
			return (prefix < 0 || prefix > bits) ? null
					: new AddressRange(new IpSubnetFilterRule(address, prefix, IpFilterRuleType.ACCEPT));
		}
		catch (NumberFormatException ex) {
			return null;
		}
	}

	boolean contains(InetAddress address) {
		return this.rule.matches(new InetSocketAddress(address, 0));
	}

}
