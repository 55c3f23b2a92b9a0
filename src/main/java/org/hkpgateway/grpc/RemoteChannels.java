package org.hkpgateway.grpc;

import java.net.SocketAddress;
import java.util.function.Consumer;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import org.hkpgateway.plugin.PluginId;
import org.jspecify.annotations.Nullable;

/**
 * Opens channels to plugins that run elsewhere: knows the certificates that are
 * configured, which this package does not.
 */
public interface RemoteChannels {

	/**
	 * Opens a channel to one address. Nothing is connected yet.
	 * @param plugin whose it is
	 * @param address an internet address or a unix socket
	 * @param tlsBundle the name of the SSL bundle to use; null for plaintext
	 * @param settings must be applied to the channel, after all others
	 * @return shut down by the caller
	 * @throws IllegalArgumentException if there is no such bundle, or it cannot be used
	 */
	ManagedChannel open(PluginId plugin, SocketAddress address, @Nullable String tlsBundle,
			Consumer<NettyChannelBuilder> settings);

	/**
	 * Whether the gateway shows a certificate of its own.
	 * @param tlsBundle the name of an SSL bundle
	 * @return true if the bundle has a key
	 * @throws IllegalArgumentException if there is no such bundle
	 */
	boolean hasKey(String tlsBundle);

	/**
	 * For a connector that is used for plugins on this machine only.
	 * @return refuses every other
	 */
	static RemoteChannels none() {
		return new RemoteChannels() {

			@Override
			public ManagedChannel open(PluginId plugin, SocketAddress address, @Nullable String tlsBundle,
					Consumer<NettyChannelBuilder> settings) {
				throw new IllegalArgumentException("expected: a plugin on this machine, got: one at " + address);
			}

			@Override
			public boolean hasKey(String tlsBundle) {
				throw new IllegalArgumentException("expected: no SSL bundle, got: " + tlsBundle);
			}

		};
	}

}
