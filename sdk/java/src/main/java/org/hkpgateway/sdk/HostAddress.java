package org.hkpgateway.sdk;

import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * Where the gateway's host service listens, and the token that lets this process in.
 *
 * @param socket path of a unix socket
 * @param token never printed
 */
record HostAddress(String socket, String token) {

	private static final String UNIX = "unix:";

	/**
	 * Reads it.
	 * @param environment the environment
	 * @return null if the gateway serves none to this process
	 * @throws LaunchException if it is malformed; the message does not quote the token
	 */
	static @Nullable HostAddress parse(Map<String, String> environment) throws LaunchException {
		String address = environment.getOrDefault("PLUGIN_HOST_ADDRESS", "");
		if (address.isEmpty()) {
			return null;
		}
		if (!address.startsWith(UNIX) || address.length() == UNIX.length()) {
			throw new LaunchException("expected: unix:PATH in PLUGIN_HOST_ADDRESS, got: '" + address + "'");
		}
		String token = environment.getOrDefault("PLUGIN_HOST_TOKEN", "");
		if (token.isEmpty() || !token.chars().allMatch((c) -> c > ' ' && c < 0x7f)) {
			throw new LaunchException("expected: a token of printable ASCII in PLUGIN_HOST_TOKEN, got: "
					+ (token.isEmpty() ? "none" : "something else"));
		}
		return new HostAddress(address.substring(UNIX.length()), token);
	}

	@Override
	public String toString() {
		return UNIX + this.socket;
	}

}
