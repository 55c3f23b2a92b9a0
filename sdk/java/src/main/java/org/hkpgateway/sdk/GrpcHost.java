package org.hkpgateway.sdk;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionStage;

import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.PluginHostGrpc;
import org.hkpgateway.sdk.host.Events;
import org.hkpgateway.sdk.host.Host;
import org.hkpgateway.sdk.host.HostInfo;
import org.hkpgateway.sdk.host.KeyStorage;
import org.hkpgateway.sdk.host.SharedState;

/**
 * The gateway's host service.
 */
final class GrpcHost implements Host {

	/** Of calls that no request waits for, as far as we know. */
	static final Duration TIMEOUT = Duration.ofSeconds(5);

	private final HostLink link;

	private final SharedState state;

	private final KeyStorage keys;

	private final Events events;

	/**
	 * Makes it.
	 * @param link the way there
	 * @param stateTimeout the longest that a call about state may take
	 */
	GrpcHost(HostLink link, Duration stateTimeout) {
		this.link = link;
		this.state = new GrpcSharedState(link, stateTimeout);
		this.keys = new GrpcKeyStorage(link);
		this.events = new GrpcEvents(link);
	}

	@Override
	public CompletionStage<HostInfo> info() {
		return this.link.call(HostLink.NO_GRANT, PluginHostGrpc.getGetHostInfoMethod(), Empty.getDefaultInstance(),
				TIMEOUT, GrpcHost::info);
	}

	private static HostInfo info(org.hkpgateway.proto.HostInfo message) {
		Map<String, String> plugins = new LinkedHashMap<>();
		message.getLoadedPluginsList().forEach((plugin) -> plugins.put(plugin.getName(), plugin.getVersion()));
		return new HostInfo(message.getVersion(), message.getProtocolVersion(), plugins, message.getConfigurationMap());
	}

	@Override
	public SharedState state() {
		return this.state;
	}

	@Override
	public KeyStorage keys() {
		return this.keys;
	}

	@Override
	public Events events() {
		return this.events;
	}

}
