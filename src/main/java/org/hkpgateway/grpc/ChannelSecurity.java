package org.hkpgateway.grpc;

import io.grpc.netty.NettyChannelBuilder;

/**
 * How the two sides of a connection know each other. A mode is one implementation; the
 * rest of the package does not ask which.
 */
sealed interface ChannelSecurity {

	/**
	 * Sets up a channel that is about to be built.
	 * @param builder the channel
	 */
	void applyTo(NettyChannelBuilder builder);

	/**
	 * No encryption: what protects the connection is that only the gateway and the plugin
	 * can reach the socket's directory.
	 */
	record Plaintext() implements ChannelSecurity {

		@Override
		public void applyTo(NettyChannelBuilder builder) {
			builder.usePlaintext();
		}

	}

}
