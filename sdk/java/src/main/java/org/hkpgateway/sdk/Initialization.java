package org.hkpgateway.sdk;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Function;

import com.google.protobuf.ByteString;
import org.hkpgateway.proto.HostInfo;
import org.hkpgateway.proto.InitRequest;
import org.hkpgateway.proto.InitResponse;
import org.hkpgateway.proto.PluginInfo;
import org.hkpgateway.sdk.config.ConfigException;
import org.hkpgateway.sdk.config.PluginConfig;
import org.hkpgateway.sdk.host.EventFilter;
import org.hkpgateway.sdk.host.Host;
import org.hkpgateway.sdk.host.SharedState;
import org.hkpgateway.sdk.log.LogLevel;
import org.hkpgateway.sdk.log.PluginLog;

import org.jspecify.annotations.Nullable;

/**
 * Initializes the plugin once. The same instance id again gets the same answer and
 * changes nothing; after a refusal the gateway may try once more. A plugin that was
 * started by hand, or runs elsewhere, outlives gateways, so there another instance id is
 * welcome as long as it says the same.
 */
final class Initialization {

	private static final PluginLog log = PluginLog.get("sdk");

	/** The gateway's default, for one that does not say. */
	private static final long DECISION_MILLIS = 200;

	private static final Set<String> HOST_GRANTS = Set.of("state", "storage.query", "events.publish",
			"events.subscribe");

	private final PluginHandler handler;

	private final PluginOptions options;

	private final Launch launch;

	private final Function<HostAddress, HostChannel> openHost;

	private final Executor readers;

	private final Object lock = new Object();

	private @Nullable InitRequest accepted;

	private volatile @Nullable Set<String> grants;

	/** Of an initialization that is under way or was accepted. */
	private volatile @Nullable HostChannel opened;

	/** Of the initialization that came last. */
	private @Nullable HostLink link;

	private final Object opening = new Object();

	/**
	 * Makes it.
	 * @param handler the author's
	 * @param options the author's
	 * @param launch what the gateway said
	 * @param openHost opens the way back
	 * @param readers runs readers of what the gateway sends, which may block
	 */
	Initialization(PluginHandler handler, PluginOptions options, Launch launch,
			Function<HostAddress, HostChannel> openHost, Executor readers) {
		this.handler = handler;
		this.options = options;
		this.launch = launch;
		this.openHost = openHost;
		this.readers = readers;
	}

	/**
	 * The capabilities in force.
	 * @return null as long as the plugin is not initialized
	 */
	@Nullable Set<String> grants() {
		return this.grants;
	}

	/**
	 * Initializes. Blocks as long as the author's {@code init} does.
	 * @param request the request
	 * @return the answer, success or not
	 */
	InitResponse initialize(InitRequest request) {
		synchronized (this.lock) {
			InitResponse.Builder response = (this.accepted != null) ? initializeAgain(this.accepted, request)
					: initializeFirst(request);
			@Nullable Secret secret = this.launch.credentials().secret();
			if (secret != null) {
				response.setAuthProof(ByteString.copyFrom(secret.proof(request.getNonce().toByteArray())));
			}
			return response.build();
		}
	}

	PluginInfo info() {
		String name = this.launch.name().isEmpty() ? this.handler.getClass().getSimpleName() : this.launch.name();
		PluginInfo.Builder info = PluginInfo.newBuilder()
			.setName(name)
			.setVersion(this.launch.version().isEmpty() ? "0" : this.launch.version())
			.setDescription(this.options.description())
			.addAllCapabilities(this.options.capabilities());
		if (!this.options.minHostProtocol().isEmpty()) {
			info.putMetadata("min_host_protocol", this.options.minHostProtocol());
		}
		return info.build();
	}

	private InitResponse.Builder initializeAgain(InitRequest first, InitRequest request) {
		if (first.getInstanceId().equals(request.getInstanceId())) {
			return success();
		}
		if (!this.launch.outlivesGateways()) {
			return refusal("expected: one Initialize in a process's life, got: instance id '" + request.getInstanceId()
					+ "' after '" + first.getInstanceId() + "'; start a new process");
		}
		boolean same = first.getConfigJson().equals(request.getConfigJson())
				&& Set.copyOf(first.getGrantedCapabilitiesList())
					.equals(Set.copyOf(request.getGrantedCapabilitiesList()));
		return same ? success() : refusal("expected: the configuration and the grants of the first Initialize, got:"
				+ " others; a plugin takes them once, so stop this one and start it again");
	}

	private InitResponse.Builder initializeFirst(InitRequest request) {
		try {
			PluginInfo info = info();
			Set<String> granted = Set.copyOf(request.getGrantedCapabilitiesList());
			Host host = host(granted, request.getHost());
			PluginContext context = new PluginContext(info.getName(), info.getVersion(),
					PluginConfig.parse(request.getConfigJson()), granted, request.getHockeypuckVersion(),
					request.getProtocolVersion(), request.getEnvironmentMap(), this.launch.dataDirectory(),
					state(granted, host), host);
			this.handler.init(context);
			log.debug("warmed up", "bytes", WarmUp.run());
			this.accepted = request;
			this.grants = context.grants();
			return success();
		}
		catch (ConfigException ex) {
			hangUp();
			log.error("the plugin refuses its configuration", "error", ex.getMessage());
			return refusal(String.valueOf(ex.getMessage()));
		}
		catch (Throwable ex) {
			// An Error, too: without an answer the operator would read of a broken call
			// only.
			hangUp();
			log.thrown(LogLevel.ERROR, "the plugin's init failed", ex);
			// The message of an Error is often a mere name.
			boolean told = ex instanceof Exception && ex.getMessage() != null;
			return refusal(told ? String.valueOf(ex.getMessage()) : ex.toString());
		}
	}

	/**
	 * Connects at once if the plugin may ask for something, so that the first request is
	 * not the first to use the connection; else when it is first used.
	 */
	private Host host(Set<String> granted, HostInfo gateway) {
		HostAddress address = this.launch.host();
		HostLink link = new HostLink((address != null) ? () -> open(address) : null, granted, this.readers);
		this.link = link;
		if (address != null && !Collections.disjoint(granted, HOST_GRANTS)) {
			open(address).connect();
		}
		return new GrpcHost(link, decisionTime(gateway).dividedBy(4));
	}

	private @Nullable SharedState state(Set<String> granted, Host host) {
		return (this.launch.host() != null && granted.contains(GrpcSharedState.GRANT)) ? host.state() : null;
	}

	private HostChannel open(HostAddress address) {
		HostChannel channel = this.opened;
		if (channel != null) {
			return channel;
		}
		synchronized (this.opening) {
			channel = (this.opened != null) ? this.opened : this.openHost.apply(address);
			this.opened = channel;
			return channel;
		}
	}

	/** There may be another Initialize, which opens its own. */
	private void hangUp() {
		if (this.link != null) {
			this.link.close();
		}
		HostChannel channel;
		synchronized (this.opening) {
			channel = this.opened;
			this.opened = null;
		}
		if (channel != null) {
			channel.close();
		}
	}

	/** How long the gateway waits for a decision. */
	private static Duration decisionTime(HostInfo gateway) {
		long millis = DECISION_MILLIS;
		for (String key : List.of("timeout_ms", "chain_budget_ms")) {
			String value = gateway.getConfigurationOrDefault(key, "");
			if (value.matches("[1-9]\\d{0,8}")) {
				millis = key.equals("timeout_ms") ? Long.parseLong(value) : Math.min(millis, Long.parseLong(value));
			}
		}
		return Duration.ofMillis(millis);
	}

	private InitResponse.Builder success() {
		InitResponse.Builder response = InitResponse.newBuilder()
			.setSuccess(true)
			.setInfo(info())
			.setMaxMessageBytes(this.options.maxMessageBytes());
		for (Feature feature : Feature.values()) {
			if (this.options.has(feature) && !feature.word().isEmpty()) {
				response.addFeatures(feature.word());
			}
		}
		EventFilter filter = this.options.eventFilter();
		if (filter != null) {
			response.setEventFilter(EventMessages.message(filter));
		}
		return response;
	}

	private static InitResponse.Builder refusal(String error) {
		return InitResponse.newBuilder().setError(error);
	}

}
