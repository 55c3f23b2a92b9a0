package org.hkpgateway.grpc;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import javax.net.ssl.KeyManagerFactory;

import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import org.hkpgateway.host.RemoteHostCalls;
import org.hkpgateway.plugin.PluginEndpoint;
import org.jspecify.annotations.Nullable;

/**
 * {@link FakePlugin} as a process that no gateway has launched: denies every request, on
 * its stream, and says {@code ready} when it listens. It calls its host when it is told
 * to by a line, see {@link #call}. It ends with its standard input.
 */
public final class RemotePluginProgram {

	/** Of the key store of a server. */
	public static final String PASSWORD = "changeit";

	private static final String TOKEN = "TEST_TOKEN";

	private RemotePluginProgram() {
	}

	public static void main(String[] args) throws Exception {
		SslContext tls = args[1].isEmpty() ? null : tls(Path.of(args[1]), args[2].isEmpty() ? null : Path.of(args[2]));
		FakePlugin plugin = new FakePlugin(endpoint(args[0]), tls, System.getenv(TOKEN));
		plugin.behaviour = FakePlugin.Behaviour.DENIES;
		plugin.streamManners = FakePlugin.StreamManners.BEHAVES;
		System.out.println("ready");
		BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
		for (String line = input.readLine(); line != null; line = input.readLine()) {
			String[] words = line.split(" ");
			System.out.println(RemoteHostCalls.line(RemoteHostCalls.all(Integer.parseInt(words[0]),
					Files.readString(Path.of(words[1])), words[2], words[3])));
		}
		System.exit(0);
	}

	/**
	 * Lets the process call each method of its host, over TLS. Blocks.
	 * @param process as {@link #start} returned it
	 * @param port of the host
	 * @param authority file of a certificate in PEM, of whom to trust
	 * @param plugin its name
	 * @param token to show
	 * @return see {@link RemoteHostCalls#line}
	 */
	public static String call(Process process, int port, Path authority, String plugin, String token)
			throws IOException {
		process.outputWriter().write(port + " " + authority + " " + plugin + " " + token + "\n");
		process.outputWriter().flush();
		String line = process.inputReader().readLine();
		if (line == null) {
			throw new IOException("expected: what came of calls, got: the end of the process");
		}
		return line;
	}

	private static PluginEndpoint endpoint(String address) throws IOException {
		if (address.startsWith("/")) {
			// Left by one that was killed.
			Files.deleteIfExists(Path.of(address));
			return new PluginEndpoint.Unix(Path.of(address));
		}
		return new PluginEndpoint.Tcp("127.0.0.1", Integer.parseInt(address));
	}

	private static SslContext tls(Path file, @Nullable Path clients) throws Exception {
		KeyStore store = KeyStore.getInstance("PKCS12");
		try (InputStream input = Files.newInputStream(file)) {
			store.load(input, PASSWORD.toCharArray());
		}
		KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
		keys.init(store, PASSWORD.toCharArray());
		SslContextBuilder builder = GrpcSslContexts.configure(SslContextBuilder.forServer(keys), SslProvider.JDK);
		if (clients != null) {
			builder.trustManager(clients.toFile()).clientAuth(ClientAuth.REQUIRE);
		}
		return builder.build();
	}

	/**
	 * Starts one and waits until it listens.
	 * @param address the path of a socket, or a port of 127.0.0.1
	 * @param keyStore PKCS #12 with {@link #PASSWORD}; null for plaintext
	 * @param token what callers must show; null for nothing
	 * @return to be ended by the caller
	 */
	public static Process start(String address, Path keyStore, String token) throws IOException {
		return start(address, keyStore, null, token);
	}

	/**
	 * The same with mutual TLS.
	 * @param clients certificates in PEM, of which callers must show one
	 */
	public static Process start(String address, Path keyStore, Path clients, String token) throws IOException {
		List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString(),
				"-Xmx64m", "-XX:TieredStopAtLevel=1", "-cp",
				System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
				RemotePluginProgram.class.getName(), address, (keyStore != null) ? keyStore.toString() : "",
				(clients != null) ? clients.toString() : ""));
		ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
		builder.environment().putAll((token != null) ? Map.of(TOKEN, token) : Map.of());
		Process process = builder.start();
		String line = process.inputReader().readLine();
		if (!"ready".equals(line)) {
			process.destroyForcibly();
			throw new IOException("expected: ready, got: " + line);
		}
		return process;
	}

}
