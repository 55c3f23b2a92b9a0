package org.hkpgateway.sdk;

import java.nio.file.Path;

/**
 * Where the gateway wants a plugin to listen.
 */
sealed interface Listen {

	/**
	 * On a unix socket in a private directory.
	 *
	 * @param directory the directory, which exists
	 */
	record UnixSocket(Path directory) implements Listen {
	}

	/**
	 * On the unix socket with this path: for a plugin that its operator starts beside the
	 * gateway, which is configured with the same path.
	 *
	 * @param path the socket, in a directory that exists and guards it
	 */
	record NamedSocket(Path path) implements Listen {
	}

	/**
	 * On a unix socket in a new directory that only this user can enter, and that goes
	 * when the plugin ends: for a plugin that is started by hand.
	 */
	record OwnDirectory() implements Listen {
	}

	/**
	 * On a port of 127.0.0.1.
	 *
	 * @param firstPort smallest; 0 lets the system choose
	 * @param lastPort largest
	 */
	record Tcp(int firstPort, int lastPort) implements Listen {
	}

}
