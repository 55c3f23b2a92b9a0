package org.hkpgateway.plugin;

import java.nio.ByteBuffer;
import java.util.Map;

/**
 * What a plugin would like to publish. Nobody has looked at it yet.
 *
 * @param type what it calls it
 * @param data JSON in UTF-8, or nothing; read only
 * @param metadata what filters look at
 * @param cluster whether it is for the plugins of all replicas
 */
public record EmittedEvent(String type, ByteBuffer data, Map<String, String> metadata, boolean cluster) {

	public EmittedEvent {
		data = data.asReadOnlyBuffer();
		metadata = Map.copyOf(metadata);
	}

}
