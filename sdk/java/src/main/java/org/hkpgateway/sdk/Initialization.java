package org.hkpgateway.sdk;

import java.util.Set;

import org.hkpgateway.proto.InitRequest;
import org.hkpgateway.proto.InitResponse;
import org.hkpgateway.proto.PluginInfo;
import org.hkpgateway.sdk.config.ConfigException;
import org.hkpgateway.sdk.config.PluginConfig;
import org.hkpgateway.sdk.log.LogLevel;
import org.hkpgateway.sdk.log.PluginLog;

import org.jspecify.annotations.Nullable;

/**
 * Initializes the plugin once. The same instance id again gets the same answer and
 * changes nothing; after a refusal the gateway may try once more.
 */
final class Initialization {

	private static final PluginLog log = PluginLog.get("sdk");

	private final PluginHandler handler;

	private final PluginOptions options;

	private final Launch launch;

	private final Object lock = new Object();

	private @Nullable InitRequest accepted;

	private volatile @Nullable Set<String> grants;

	Initialization(PluginHandler handler, PluginOptions options, Launch launch) {
		this.handler = handler;
		this.options = options;
		this.launch = launch;
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
			if (this.accepted == null) {
				return initializeFirst(request);
			}
			boolean same = this.accepted.getInstanceId().equals(request.getInstanceId());
			return same ? success() : refusal("expected: one Initialize in a process's life, got: instance id '"
					+ request.getInstanceId() + "' after '" + this.accepted.getInstanceId() + "'; start a new process");
		}
	}

	PluginInfo info() {
		String name = this.launch.name().isEmpty() ? this.handler.getClass().getSimpleName() : this.launch.name();
		return PluginInfo.newBuilder()
			.setName(name)
			.setVersion(this.launch.version().isEmpty() ? "0" : this.launch.version())
			.setDescription(this.options.description())
			.addAllCapabilities(this.options.capabilities())
			.build();
	}

	private InitResponse initializeFirst(InitRequest request) {
		try {
			PluginInfo info = info();
			PluginContext context = new PluginContext(info.getName(), info.getVersion(),
					PluginConfig.parse(request.getConfigJson()), Set.copyOf(request.getGrantedCapabilitiesList()),
					request.getHockeypuckVersion(), request.getProtocolVersion(), request.getEnvironmentMap(),
					this.launch.dataDirectory());
			this.handler.init(context);
			this.accepted = request;
			this.grants = context.grants();
			return success();
		}
		catch (ConfigException ex) {
			log.error("the plugin refuses its configuration", "error", ex.getMessage());
			return refusal(String.valueOf(ex.getMessage()));
		}
		catch (Exception | LinkageError | StackOverflowError ex) {
			log.thrown(LogLevel.ERROR, "the plugin's init failed", ex);
			return refusal((ex.getMessage() != null) ? ex.getMessage() : ex.toString());
		}
	}

	private InitResponse success() {
		InitResponse.Builder response = InitResponse.newBuilder()
			.setSuccess(true)
			.setInfo(info())
			.setMaxMessageBytes(this.options.maxMessageBytes());
		if (this.options.dryRun()) {
			response.addFeatures("dry_run");
		}
		if (this.options.stream()) {
			response.addFeatures("stream");
		}
		return response.build();
	}

	private static InitResponse refusal(String error) {
		return InitResponse.newBuilder().setError(error).build();
	}

}
