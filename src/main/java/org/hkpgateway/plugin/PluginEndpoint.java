package org.hkpgateway.plugin;

import java.nio.file.Path;

/**
 * Where a plugin listens.
 */
public sealed interface PluginEndpoint {

	/**
	 * A unix domain socket.
	 *
	 * @param path at most 107 bytes
	 */
	record Unix(Path path) implements PluginEndpoint {

		@Override
		public String toString() {
			return "unix:" + this.path;
		}

	}

	/**
	 * A TCP port on the loopback interface.
	 *
	 * @param host a loopback address
	 * @param port 1 to 65535
	 */
	record Tcp(String host, int port) implements PluginEndpoint {

		@Override
		public String toString() {
			return "tcp:" + this.host + ":" + this.port;
		}

	}

	/**
	 * Wherever a gRPC name resolver finds it.
	 *
	 * @param address as in {@link PluginSource.Remote#address()}
	 */
	record Remote(String address) implements PluginEndpoint {

		@Override
		public String toString() {
			return this.address;
		}

	}

}
