package org.hkpgateway.config;

import java.net.InetAddress;

import org.springframework.boot.actuate.autoconfigure.web.server.ManagementServerProperties;

/**
 * Where the management port is bound, and whether that may be.
 */
final class ManagementAddress {

	private static final String ACTION = "Set " + ManagementProperties.TOKEN + ", or " + ManagementProperties.USER
			+ " and " + ManagementProperties.PASSWORD
			+ ", to let those in who know it; or set management.server.address to a "
			+ "loopback address, for example 127.0.0.1.";

	private ManagementAddress() {
	}

	/**
	 * Whether only this machine can reach it.
	 * @param server its settings
	 * @return false for every address, too
	 */
	static boolean isLoopback(ManagementServerProperties server) {
		InetAddress address = server.getAddress();
		return address != null && address.isLoopbackAddress();
	}

	/**
	 * Default-deny: others may reach it only if it can tell who they are.
	 * @param server its settings
	 * @param management what can be shown
	 * @throws UnusableSettingException if everybody could read
	 */
	static void check(ManagementServerProperties server, ManagementProperties management) {
		if (!isLoopback(server) && !management.hasCredential()) {
			InetAddress address = server.getAddress();
			throw new UnusableSettingException("management.server.address: expected: a loopback address, because no "
					+ "credential is configured (" + ManagementProperties.TOKEN + ", or " + ManagementProperties.USER
					+ " and " + ManagementProperties.PASSWORD + "), got: "
					+ ((address != null) ? address.getHostAddress() : "every address"), ACTION);
		}
	}

}
