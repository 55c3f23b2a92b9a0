package org.hkpgateway.host;

import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.HostInfo;

/**
 * A plugin that only calls its host: reads where and with what token from its
 * environment, prints what it is told, then keeps the connection until the host ends it.
 */
final class HostClientProgram {

	private HostClientProgram() {
	}

	public static void main(String[] args) {
		String address = System.getenv("PLUGIN_HOST_ADDRESS");
		String token = System.getenv("PLUGIN_HOST_TOKEN");
		try (HostClient client = new HostClient(address)) {
			HostInfo info = client.authorization("Bearer " + token).getHostInfo(Empty.getDefaultInstance());
			System.out.println(info.getVersion() + " "
					+ info.getLoadedPluginsList().stream().map((plugin) -> plugin.getName()).toList());
			TestHost.await("the end of the connection", () -> !client.connected());
			System.out.println("disconnected");
		}
	}

}
