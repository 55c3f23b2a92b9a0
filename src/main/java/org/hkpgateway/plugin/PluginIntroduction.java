package org.hkpgateway.plugin;

import java.util.List;
import java.util.Map;

/**
 * What a plugin says of itself when it is initialized.
 *
 * @param name its name; may differ from the manifest's, which is then warned about
 * @param version its version
 * @param description one line, may be empty
 * @param metadata free
 * @param features optional parts of the protocol that it speaks
 * @param protocolVersion what both sides speak: the common major and the smaller minor
 */
public record PluginIntroduction(String name, String version, String description, Map<String, String> metadata,
		List<String> features, ProtocolVersion protocolVersion) {

	public PluginIntroduction {
		metadata = Map.copyOf(metadata);
		features = List.copyOf(features);
	}

}
