package org.hkpgateway.plugin;

import java.nio.file.Path;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * Where a plugin's process comes from.
 */
public sealed interface PluginSource {

	/**
	 * Whether the process is the gateway's: launched, restarted and ended by it. Any
	 * other is only connected to.
	 * @return true for {@link Launched}
	 */
	default boolean owned() {
		return this instanceof Launched;
	}

	/**
	 * A child process of the gateway.
	 *
	 * @param directory the plugin's own directory, the working directory of its process
	 * @param executable absolute, inside {@code directory}
	 * @param arguments command-line arguments; never secrets
	 * @param sha256 the executable's checksum in lower-case hexadecimal, compared before
	 * each launch; null if it is not pinned
	 * @param handshake how the gateway learns where it listens
	 * @param network where it is told to listen
	 * @param isolation what it is kept from
	 */
	record Launched(Path directory, Path executable, List<String> arguments, @Nullable String sha256,
			HandshakeMode handshake, Network network, IsolationLevel isolation) implements PluginSource {

		public Launched {
			arguments = List.copyOf(arguments);
		}

		@Override
		public String toString() {
			return this.executable.toString();
		}

	}

	/**
	 * A process that a developer started by hand, usually under a debugger.
	 *
	 * @param handshake the handshake line that it printed
	 */
	record Attached(String handshake) implements PluginSource {

		@Override
		public String toString() {
			return "attached to " + this.handshake;
		}

	}

	/**
	 * A process that runs elsewhere.
	 *
	 * @param address a gRPC target: {@code host:port}, {@code dns:///host:port} (each
	 * address of the name is an endpoint) or {@code unix:/path}
	 * @param tlsBundle name of the SSL bundle with the trusted certificates and, for
	 * mutual TLS, the gateway's own; null for plaintext
	 * @param token bearer token to send with each call; null for none
	 * @param hostToken what it shows when it calls the gateway back; null if it cannot
	 */
	record Remote(String address, @Nullable String tlsBundle, @Nullable String token,
			@Nullable String hostToken) implements PluginSource {

		/**
		 * One that does not call the gateway back.
		 * @param address as above
		 * @param tlsBundle as above
		 * @param token as above
		 */
		public Remote(String address, @Nullable String tlsBundle, @Nullable String token) {
			this(address, tlsBundle, token, null);
		}

		@Override
		public String toString() {
			// Not the tokens.
			return "remote " + this.address;
		}

	}

	/**
	 * Nowhere: the operator requires the plugin, but it is not installed or is kept out.
	 * It never starts; its place in the chain is held, so that its fail policy answers.
	 *
	 * @param reason what is wrong, for the operator
	 */
	record Missing(String reason) implements PluginSource {

		@Override
		public String toString() {
			return "missing";
		}

	}

}
