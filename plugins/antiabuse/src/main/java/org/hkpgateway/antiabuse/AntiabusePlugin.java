package org.hkpgateway.antiabuse;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.sdk.Decision;
import org.hkpgateway.sdk.Health;
import org.hkpgateway.sdk.HkpPlugin;
import org.hkpgateway.sdk.PluginContext;
import org.hkpgateway.sdk.PluginHandler;
import org.hkpgateway.sdk.PluginOptions;
import org.hkpgateway.sdk.Request;
import org.hkpgateway.sdk.log.PluginLog;

import org.jspecify.annotations.Nullable;

/**
 * The plugin {@code hkp-plugin-antiabuse}: limits requests per client address.
 */
public final class AntiabusePlugin implements PluginHandler {

	private static final long WARM_UP_SECONDS = 5;

	private static final PluginLog log = PluginLog.get("antiabuse");

	private volatile @Nullable AntiabuseGuard guard;

	/**
	 * Runs the plugin; started by the gateway.
	 * @param args none
	 */
	public static void main(String[] args) {
		HkpPlugin.serve(new AntiabusePlugin());
	}

	@Override
	public void init(PluginContext context) {
		AntiabuseConfig config = AntiabuseConfig.parse(context.config());
		config.warnings().forEach(log::warn);
		AntiabuseGuard ready = new AntiabuseGuard(config, context.state(), System::nanoTime);
		this.guard = ready;
		if (context.state() != null) {
			warmUp(ready);
		}
		log.info("ready", "state", (context.state() != null) ? "shared" : "own", "limits", config.limits(),
				"hashquery_limit", config.hashqueryLimit(), "block_steps", config.blockSteps(), "max_clients",
				config.maxClients());
	}

	/** So that the first request is not the first to ask the gateway. Counts nothing. */
	private static void warmUp(AntiabuseGuard ready) {
		var unused = ready.decide(Request.builder("GET", "/").dryRun().build())
			.toCompletableFuture()
			.completeOnTimeout(Decision.allow(), WARM_UP_SECONDS, TimeUnit.SECONDS)
			.join();
	}

	@Override
	public Decision handle(Request request) {
		return handleAsync(request).toCompletableFuture().join();
	}

	@Override
	public CompletionStage<Decision> handleAsync(Request request) {
		AntiabuseGuard current = this.guard;
		if (current == null) {
			throw new IllegalStateException("expected: init before the first request");
		}
		return current.decide(request);
	}

	@Override
	public Health health() {
		AntiabuseGuard current = this.guard;
		return (current == null) ? Health.healthy()
				: Health.healthy()
					.detail("state", current.state())
					.detail("clients", current.clients())
					.detail("offenders", current.offenders());
	}

	@Override
	public PluginOptions options() {
		// Nothing here waits on a thread, so the network thread may do it.
		return PluginOptions.defaults()
			.description("Limits requests per client address; allow and block lists")
			.threads(0)
			.supportsDryRun();
	}

}
