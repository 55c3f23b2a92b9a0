package org.hkpgateway.grpc;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateEncodingException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.netty.handler.ssl.SslContext;
import org.hkpgateway.plugin.PluginEndpoint;
import org.jspecify.annotations.Nullable;

/**
 * {@link FakePlugin} as a process of its own, launched by a real gateway.
 */
public final class FakePluginProgram {

	/**
	 * Of the JVM. Without a network Netty looks for a machine id in vain, and logs that
	 * on stdout.
	 */
	static final List<String> OPTIONS = List.of("-Xlog:disable", "-Xlog:all=warning:stderr", "-Xmx64m",
			"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData",
			"-Dio.netty.machineId=00:00:5e:00:53:01");

	private FakePluginProgram() {
	}

	public static void main(String[] args) throws Exception {
		FakeConduct conduct = (args.length > 5) ? FakeConduct.valueOf(args[5]) : null;
		if (conduct != null) {
			conduct.launched();
		}
		Path directory = (conduct == FakeConduct.LISTENS_ELSEWHERE) ? Files.createTempDirectory("elsewhere")
				: Path.of(System.getenv("PLUGIN_UNIX_SOCKET_DIR"));
		String clientCertificate = System.getenv("PLUGIN_CLIENT_CERT");
		SslContext tls = null;
		String shown = "";
		if (clientCertificate != null) {
			// The curve of go-plugin.
			OneOffCertificate own = OneOffCertificate.generate(OneOffCertificate.Curve.P521, Instant.now());
			tls = (conduct == FakeConduct.LETS_ANYBODY_IN || conduct == FakeConduct.LETS_ANY_CERTIFICATE_IN)
					? TestTls.lenient(own, conduct == FakeConduct.LETS_ANY_CERTIFICATE_IN)
					: TestTls.server(own, TestTls.read(clientCertificate));
			shown = text(own);
		}
		FakePlugin.Manners manners = (args.length > 1) ? FakePlugin.Manners.valueOf(args[1]) : FakePlugin.Manners.GOOD;
		String told = System.getenv("PLUGIN_GRPC_ADDRESS");
		PluginEndpoint where = (told != null) ? new PluginEndpoint.Tcp("127.0.0.1", port(told))
				: (System.getenv("PLUGIN_MIN_PORT") != null) ? new PluginEndpoint.Tcp("127.0.0.1", 0)
						: new PluginEndpoint.Unix(directory.resolve("fake.sock"));
		if (manners == FakePlugin.Manners.SHOWS_ANOTHER_CERTIFICATE) {
			shown = text(OneOffCertificate.generate(OneOffCertificate.Curve.P256, Instant.now()));
		}
		if (manners == FakePlugin.Manners.BINDS_SLOWLY) {
			shakeHands(conduct, where, shown);
			TimeUnit.SECONDS.sleep(1);
		}
		boolean behindFront = conduct == FakeConduct.SPEAKS_PLAINTEXT_TOO && tls != null;
		PluginEndpoint own = behindFront ? new PluginEndpoint.Unix(directory.resolve("tls.sock")) : where;
		FakePlugin plugin = new FakePlugin(own, tls, System.getenv("PLUGIN_AUTH_SECRET"));
		if (behindFront) {
			Path plaintext = directory.resolve("plaintext.sock");
			new FakePlugin(new PluginEndpoint.Unix(plaintext), null, null).conduct = conduct;
			FakeFront.open(directory.resolve("fake.sock"), directory.resolve("tls.sock"), plaintext);
		}
		plugin.behaviour = FakePlugin.Behaviour.valueOf(args[0]);
		plugin.manners = manners;
		plugin.conduct = conduct;
		if (args.length > 2) {
			plugin.streamManners = FakePlugin.StreamManners.valueOf(args[2]);
		}
		if (args.length > 3) {
			plugin.responseManners = FakePlugin.ResponseManners.valueOf(args[3]);
		}
		plugin.providesKeys = System.getenv("PLUGIN_NAME") != null
				&& System.getenv("PLUGIN_NAME").startsWith("provider");
		if (args.length > 4) {
			plugin.brought.manners = FakeEvents.Manners.valueOf(args[4]);
		}
		if (plugin.behaviour == FakePlugin.Behaviour.CRASHES_AFTER_10_S) {
			plugin.later(10_000, () -> Runtime.getRuntime().halt(3));
		}
		if (told == null && manners != FakePlugin.Manners.BINDS_SLOWLY) {
			shakeHands(conduct, behindFront ? where : plugin.endpoint(), shown);
		}
		if (conduct != null) {
			conduct.shaken();
			conduct.awaitEndOfInput(System.in);
			Runtime.getRuntime().halt(0);
		}
		// The end of standard input: the gateway is gone.
		while (System.in.read() >= 0) {
		}
		System.exit(0);
	}

	private static int port(String address) {
		return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
	}

	private static void shakeHands(@Nullable FakeConduct conduct, PluginEndpoint where, String certificate) {
		String address = (where instanceof PluginEndpoint.Tcp tcp) ? "tcp|" + tcp.host() + ":" + tcp.port()
				: "unix|" + ((PluginEndpoint.Unix) where).path();
		String line = (conduct != null) ? conduct.handshake(address, certificate)
				: "1|1|" + address + "|grpc|" + certificate;
		if (conduct == FakeConduct.NO_NEWLINE) {
			System.out.print(line);
			System.out.flush();
			return;
		}
		System.out.println(line);
	}

	private static String text(OneOffCertificate certificate) throws CertificateEncodingException {
		return Base64.getEncoder().withoutPadding().encodeToString(certificate.certificate().getEncoded());
	}

	/**
	 * Makes a plugin that continues every request and asks for the keyserver's answers.
	 * @param parent where to make it
	 * @param name its own
	 * @param responseManners one of {@link FakePlugin.ResponseManners}
	 */
	public static void installReviewing(Path parent, String name, String responseManners) throws IOException {
		installReviewingWith(parent, name, responseManners,
				"capabilities = [\"http.request\", \"http.respond\", \"http.response\"]");
	}

	/**
	 * The same for a plugin with a manifest of the test's own.
	 * @param parent where to make it
	 * @param name its own
	 * @param responseManners one of {@link FakePlugin.ResponseManners}
	 * @param manifest lines to add to {@code [plugin]}
	 */
	public static void installReviewingWith(Path parent, String name, String responseManners, String... manifest)
			throws IOException {
		write(parent, name, FakePlugin.Behaviour.CONTINUES.name(), new String[] { FakePlugin.Manners.HEALTHY.name(),
				FakePlugin.StreamManners.OFF.name(), responseManners }, manifest);
	}

	/**
	 * Makes a plugin that tells which traces its calls belong to.
	 * @param parent where to make it
	 * @param name its own
	 * @param stream whether it speaks the stream
	 * @param manifest lines to add to {@code [plugin]}
	 */
	public static void installTelling(Path parent, String name, boolean stream, String... manifest) throws IOException {
		write(parent, name, FakePlugin.Behaviour.TELLS_TRACE.name(),
				new String[] { FakePlugin.Manners.HEALTHY.name(),
						(stream ? FakePlugin.StreamManners.BEHAVES : FakePlugin.StreamManners.OFF).name(),
						FakePlugin.ResponseManners.TELLS_TRACE.name() },
				manifest);
	}

	/**
	 * Makes a plugin that is called once for each request, or speaks the stream.
	 * @param parent where to make it
	 * @param name its own
	 * @param behaviour one of {@link FakePlugin.Behaviour}
	 * @param stream whether it speaks the stream
	 * @param manifest lines to add to {@code [plugin]}
	 */
	public static void installSpeaking(Path parent, String name, String behaviour, boolean stream, String... manifest)
			throws IOException {
		write(parent, name, behaviour, new String[] { FakePlugin.Manners.GOOD.name(),
				(stream ? FakePlugin.StreamManners.BEHAVES : FakePlugin.StreamManners.OFF).name() }, manifest);
	}

	/**
	 * Makes a plugin that does for each request what its path names, and something with
	 * the events that it is brought.
	 * @param parent where to make it
	 * @param name its own
	 * @param eventManners one of {@link FakeEvents.Manners}
	 * @param manifest lines to add to {@code [plugin]}
	 */
	public static void installHearing(Path parent, String name, String eventManners, String... manifest)
			throws IOException {
		write(parent, name, FakePlugin.Behaviour.AS_ASKED.name(), new String[] { FakePlugin.Manners.HEALTHY.name(),
				FakePlugin.StreamManners.OFF.name(), FakePlugin.ResponseManners.OFF.name(), eventManners }, manifest);
	}

	/**
	 * Makes a plugin directory whose plugin behaves as named.
	 * @param parent where to make it
	 * @param behaviour one of {@link FakePlugin.Behaviour}
	 * @param manifest lines to add to {@code [plugin]}
	 * @return the plugin's name
	 */
	public static String install(Path parent, String behaviour, String... manifest) throws IOException {
		return write(parent, behaviour.toLowerCase(Locale.ROOT), behaviour, new String[0], manifest);
	}

	/**
	 * The same for a plugin with a name of its own.
	 * @param parent where to make it
	 * @param name its own
	 * @param behaviour one of {@link FakePlugin.Behaviour}
	 * @param manners one of {@link FakePlugin.Manners} and then, if need be, one of
	 * {@link FakePlugin.StreamManners}
	 */
	public static void installAs(Path parent, String name, String behaviour, String... manners) throws IOException {
		write(parent, name, behaviour, manners);
	}

	/**
	 * Makes a plugin that keeps the whole protocol but for what is named.
	 * @param parent where to make it
	 * @param manifest lines behind those of {@code [plugin]} that it needs
	 * @param arguments names of a {@link FakePlugin.Behaviour}, of
	 * {@link FakePlugin.Manners}, {@link FakePlugin.StreamManners},
	 * {@link FakePlugin.ResponseManners}, {@link FakeEvents.Manners} and a
	 * {@link FakeConduct}
	 * @return its directory
	 */
	public static Path installConforming(Path parent, String manifest, List<String> arguments) throws IOException {
		write(parent, "fake", arguments.get(0), arguments.subList(1, arguments.size()).toArray(String[]::new),
				manifest);
		return parent.resolve("fake");
	}

	/**
	 * The same for a plugin that needs nothing but Java from outside of its own
	 * directory, which everybody may read: for isolated ones.
	 */
	public static void installSelfContained(Path parent, String name, String behaviour) throws IOException {
		write(parent, name, behaviour, new String[0]);
		Path directory = parent.resolve(name);
		Path library = Files.createDirectory(directory.resolve("lib"));
		int number = 0;
		for (String entry : classPath().split(File.pathSeparator)) {
			Path source = Path.of(entry);
			Path target = library.resolve(number++ + ".jar");
			if (Files.isDirectory(source)) {
				pack(source, target);
			}
			else if (Files.exists(source)) {
				link(source, target);
			}
		}
		script(directory, "", "-cp '" + directory.resolve("lib") + "/*'");
		for (Path each : List.of(directory, library)) {
			Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwxr-xr-x"));
		}
	}

	/** A hundred files: copied only where they cannot be linked. */
	private static void link(Path source, Path target) throws IOException {
		try {
			Files.createLink(target, source);
		}
		catch (IOException | UnsupportedOperationException ex) {
			Files.copy(source, target);
		}
	}

	static void pack(Path classes, Path jar) throws IOException {
		try (Stream<Path> tree = Files.walk(classes);
				JarOutputStream output = new JarOutputStream(Files.newOutputStream(jar))) {
			for (Path file : tree.filter(Files::isRegularFile).toList()) {
				output.putNextEntry(new JarEntry(classes.relativize(file).toString()));
				Files.copy(file, output);
			}
		}
	}

	private static String write(Path parent, String name, String behaviour, String[] arguments, String... manifest)
			throws IOException {
		Path directory = Files.createDirectory(parent.resolve(name));
		Files.writeString(directory.resolve("plugin.toml"), """
				[plugin]
				name = "%s"
				version = "9.9"
				executable = "run"
				protocol_version = "1.0"
				args = [%s]
				%s
				""".formatted(name, quoted(behaviour, arguments), String.join("\n", manifest)));
		script(directory);
		return name;
	}

	/**
	 * Makes the executable, which takes the names of a {@link FakePlugin.Behaviour}, of
	 * {@link FakePlugin.Manners} and of {@link FakePlugin.StreamManners} as arguments,
	 * the last ones or none.
	 * @param directory where to make it
	 * @return its path
	 */
	public static Path script(Path directory) throws IOException {
		return script(directory, "");
	}

	/**
	 * The same, with something that happens first in the same process.
	 * @param directory where to make it
	 * @param before lines of a shell script
	 * @return its path
	 */
	public static Path script(Path directory, String before) throws IOException {
		return script(directory, before, FakePluginArchive.options(classPath()));
	}

	private static String classPath() {
		return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
	}

	private static Path script(Path directory, String before, String more) throws IOException {
		Path run = Files.writeString(directory.resolve("run"), """
				#!/bin/sh
				%s
				exec '%s/bin/java' %s %s %s "$@"
				""".formatted(before, System.getProperty("java.home"), String.join(" ", OPTIONS), more,
				FakePluginProgram.class.getName()));
		Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwxr-xr-x"));
		return run;
	}

	private static String quoted(String first, String[] others) {
		return Stream.concat(Stream.of(first), Stream.of(others))
			.map((argument) -> '"' + argument + '"')
			.collect(Collectors.joining(", "));
	}

}
