package org.hkpgateway.process;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.plugin.PlainOffer;
import org.hkpgateway.plugin.PluginSpec;

/**
 * A process that launches a plugin and then waits to be killed. Prints the plugin's
 * process id. A line on its standard input has it end the plugin and say so.
 */
final class GatewayStandIn {

	/** What begins the command; for example a program that takes capabilities away. */
	List<String> prefix = List.of();

	/** Null for the gateway's choice. */
	Path runtime;

	/** Whether to use the parent-death signal. */
	boolean signal = true;

	/** In {@link Level#NONE} a script, else what to attempt: {@link IsolatedPlugin}. */
	String body = "";

	private final Path root;

	private final Path socket;

	private final Level level;

	/**
	 * Describes one.
	 * @param root where plugins are made, and temporary files
	 * @param socket for scripts
	 */
	GatewayStandIn(Path root, Path socket, Level level) {
		this.root = root;
		this.socket = socket;
		this.level = level;
	}

	Process start() throws IOException {
		List<String> command = new ArrayList<>(this.prefix);
		command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-XX:TieredStopAtLevel=1", "-Djava.io.tmpdir=" + this.root, "-cp",
				System.getProperty("java.class.path"), GatewayStandIn.class.getName(),
				(this.runtime != null) ? this.runtime.toString() : "", this.root.toString(), this.socket.toString(),
				String.valueOf(this.signal), this.body, this.level.name()));
		return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
	}

	public static void main(String[] args) throws Exception {
		Level level = Level.valueOf(args[5]);
		Path root = Path.of(args[1]);
		Path runtime = args[0].isEmpty() ? null : Path.of(args[0]);
		LocalPluginLauncher launcher = new LocalPluginLauncher(
				new LaunchOptions(runtime, System.getenv(), new RecordedOutput(), Boolean.parseBoolean(args[3]))
					.withUidRange(level.uids()));
		PluginSpec spec = (level == Level.NONE) ? TestPlugins.script(root.resolve("plugin"), Path.of(args[2]), args[4])
				: IsolatedPlugin.of(root, "isolated", level.level(), (args[4] + " stay").strip().split(" "));
		PluginProcess plugin = launcher.launch(spec, new PlainOffer(), Duration.ofSeconds(20));
		System.out.println(launcher.parentDeathSignal() + " " + plugin.pid().orElseThrow());
		System.in.read();
		plugin.end(Duration.ZERO, Duration.ZERO);
		System.out.println("ended");
		System.in.read();
	}

}
