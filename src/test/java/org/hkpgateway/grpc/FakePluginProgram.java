package org.hkpgateway.grpc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Base64;
import java.util.Locale;

import io.netty.handler.ssl.SslContext;

/**
 * {@link FakePlugin} as a process of its own, launched by a real gateway.
 */
public final class FakePluginProgram {

	private FakePluginProgram() {
	}

	public static void main(String[] args) throws Exception {
		Path directory = Path.of(System.getenv("PLUGIN_UNIX_SOCKET_DIR"));
		String clientCertificate = System.getenv("PLUGIN_CLIENT_CERT");
		SslContext tls = null;
		String shown = "";
		if (clientCertificate != null) {
			// The curve of go-plugin.
			OneOffCertificate own = OneOffCertificate.generate(OneOffCertificate.Curve.P521, Instant.now());
			tls = TestTls.server(own, TestTls.read(clientCertificate));
			shown = Base64.getEncoder().withoutPadding().encodeToString(own.certificate().getEncoded());
		}
		FakePlugin plugin = new FakePlugin(directory, tls, System.getenv("PLUGIN_AUTH_SECRET"));
		plugin.behaviour = FakePlugin.Behaviour.valueOf(args[0]);
		if (args.length > 1) {
			plugin.manners = FakePlugin.Manners.valueOf(args[1]);
		}
		System.out.println("1|1|unix|" + directory.resolve("fake.sock") + "|grpc|" + shown);
		// The end of standard input: the gateway is gone.
		while (System.in.read() >= 0) {
		}
		System.exit(0);
	}

	/**
	 * Makes a plugin directory whose plugin behaves as named.
	 * @param parent where to make it
	 * @param behaviour one of {@link FakePlugin.Behaviour}
	 * @param manifest lines to add to {@code [plugin]}
	 * @return the plugin's name
	 */
	public static String install(Path parent, String behaviour, String... manifest) throws IOException {
		String name = behaviour.toLowerCase(Locale.ROOT);
		Path directory = Files.createDirectory(parent.resolve(name));
		Files.writeString(directory.resolve("plugin.toml"), """
				[plugin]
				name = "%s"
				version = "9.9"
				executable = "run"
				protocol_version = "1.0"
				args = ["%s"]
				%s
				""".formatted(name, behaviour, String.join("\n", manifest)));
		script(directory);
		return name;
	}

	/**
	 * Makes the executable, which takes the names of a {@link FakePlugin.Behaviour} and
	 * of {@link FakePlugin.Manners} (or none) as arguments.
	 * @param directory where to make it
	 * @return its path
	 */
	public static Path script(Path directory) throws IOException {
		String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
		Path run = Files.writeString(directory.resolve("run"), """
				#!/bin/sh
				exec '%s/bin/java' -Xlog:disable -Xlog:all=warning:stderr -Xmx64m -XX:TieredStopAtLevel=1 \\
				  -cp '%s' %s "$@"
				""".formatted(System.getProperty("java.home"), classPath, FakePluginProgram.class.getName()));
		Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwxr-xr-x"));
		return run;
	}

}
