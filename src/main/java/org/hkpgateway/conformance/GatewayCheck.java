package org.hkpgateway.conformance;

import java.time.Duration;
import java.util.UUID;

import org.hkpgateway.grpc.Gateway;
import org.hkpgateway.grpc.GrpcConnector;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.process.LaunchOptions;
import org.hkpgateway.process.LocalPluginLauncher;
import org.hkpgateway.process.PluginLauncher;
import org.hkpgateway.process.PluginProcess;

/**
 * The way that the gateway itself goes, from the launch to the end.
 */
final class GatewayCheck {

	private GatewayCheck() {
	}

	static void run(PluginSpec spec, String version, Trial trial, Resources resources) {
		if (!trial.wants(Check.GATEWAY)) {
			return;
		}
		LaunchOptions defaults = LaunchOptions.defaults();
		LaunchOptions silent = new LaunchOptions(null, defaults.environment(), (plugin, level, message, fields) -> {
		}, true);
		try (GrpcConnector connector = new GrpcConnector(new Gateway(version, Duration.ofSeconds(1)));
				PluginLauncher launcher = resources.add(new LocalPluginLauncher(silent))) {
			PluginConnection.Offer offer = connector.offer(spec);
			PluginProcess process = launcher.launch(spec, offer, Limits.START);
			try (PluginConnection connection = offer.connect(process.endpoint(), process.certificate(),
					Limits.CONNECT)) {
				connection.initialize(UUID.randomUUID().toString(), Limits.INITIALIZE);
				connection.checkHealth(Limits.HEALTH);
				connection.client().decide(new Load().next(), Limits.ANSWER).block(Limits.ANSWER.multipliedBy(2));
				connection.shutdown("conformance check", Limits.SHUTDOWN);
			}
			process.end(Limits.SHUTDOWN, Limits.EXIT);
			trial.pass(Check.GATEWAY);
		}
		catch (PluginStartException | PluginFailure | IllegalStateException ex) {
			trial.fail(Check.GATEWAY, "a plugin that starts, decides and ends", String.valueOf(ex.getMessage()));
		}
	}

}
