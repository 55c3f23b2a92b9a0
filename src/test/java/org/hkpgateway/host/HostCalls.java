package org.hkpgateway.host;

import java.util.List;
import java.util.Map;

import io.grpc.StatusRuntimeException;
import net.devh.boot.grpc.server.service.GrpcServiceDefinition;
import org.hkpgateway.proto.Empty;

/**
 * Both sides of the host service for tests outside of this package.
 */
public final class HostCalls {

	private HostCalls() {
	}

	/**
	 * Makes servers as the gateway does.
	 * @param information what plugins are told
	 * @param listener is told of refusals
	 */
	public static HostServers servers(HostInformation information, HostRefusalListener listener) {
		return new HostServers(() -> List.of(new GrpcServiceDefinition("pluginHostService", PluginHostService.class,
				new PluginHostService(information).bindService())), listener);
	}

	/**
	 * In the process of a plugin: asks its host who it is, with another token and then
	 * with its own. Blocks.
	 * @return what came of both
	 */
	public static String wrongAndOwnToken() {
		Map<String, String> environment = System.getenv();
		String token = environment.get("PLUGIN_HOST_TOKEN");
		String other = (token.startsWith("A") ? "B" : "A") + token.substring(1);
		try (HostClient client = HostClient.of(environment)) {
			return "wrong token: " + version(client, other) + ", own token: " + version(client, token);
		}
	}

	private static String version(HostClient client, String token) {
		try {
			return client.authorization("Bearer " + token).getHostInfo(Empty.getDefaultInstance()).getVersion();
		}
		catch (StatusRuntimeException ex) {
			return ex.getStatus().getCode().name();
		}
	}

}
