package org.hkpgateway.process;

import java.nio.file.Path;
import java.time.Duration;

import org.hkpgateway.plugin.PlainOffer;
import org.hkpgateway.plugin.PluginSpec;

/**
 * A process that launches a plugin and then waits to be killed. Prints the plugin's
 * process id.
 */
final class GatewayStandIn {

	private GatewayStandIn() {
	}

	/**
	 * Arguments: runtime directory, directory of the plugin's own, socket, whether to use
	 * the parent-death signal, body of the plugin's script, {@link Level}.
	 */
	public static void main(String[] args) throws Exception {
		Level level = Level.valueOf(args[5]);
		LocalPluginLauncher launcher = new LocalPluginLauncher(new LaunchOptions(Path.of(args[0]), System.getenv(),
				new RecordedOutput(), Boolean.parseBoolean(args[3]))
			.withUidRange(level.uids()));
		PluginSpec spec = (level == Level.NONE) ? TestPlugins.script(Path.of(args[1]), Path.of(args[2]), args[4])
				: IsolatedPlugin.of(Path.of(args[1]).getParent(), "isolated", level.level(), "stay");
		PluginProcess plugin = launcher.launch(spec, new PlainOffer(), Duration.ofSeconds(20));
		System.out.println(launcher.parentDeathSignal() + " " + plugin.pid().orElseThrow());
		System.in.read();
	}

}
