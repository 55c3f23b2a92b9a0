package org.hkpgateway.grpc;

import java.util.List;
import java.util.Map;

import org.hkpgateway.proto.PluginInfo;

/**
 * What a plugin says of itself, as it says it.
 *
 * @param name its name
 * @param version its version
 * @param description possibly empty
 * @param capabilities what it would like to do
 * @param metadata possibly none
 */
public record ProbeInfo(String name, String version, String description, List<String> capabilities,
		Map<String, String> metadata) {

	public ProbeInfo {
		capabilities = List.copyOf(capabilities);
		metadata = Map.copyOf(metadata);
	}

	static ProbeInfo of(PluginInfo info) {
		return new ProbeInfo(info.getName(), info.getVersion(), info.getDescription(), info.getCapabilitiesList(),
				info.getMetadataMap());
	}

}
