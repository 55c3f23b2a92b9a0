package org.hkpgateway.host;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.grpc.Status;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.storage.KeyStorage;
import org.hkpgateway.testsupport.TestCertificates;

/**
 * The port of remote plugins, on loopback.
 */
final class TestRemoteHost implements AutoCloseable {

	/** As an operator makes it. */
	static final String TOKEN = "fLwM8Z0l0N1bq4c0e3m2Yd7cQpW9s6T5uXv1aKzJhGg=";

	final ConcurrentLinkedQueue<String> refusals = new ConcurrentLinkedQueue<>();

	final EventBus bus = new EventBus();

	final RemotePluginServer server;

	final TestCertificates authority = new TestCertificates();

	private final KeyStorage storage = TestHost.storage();

	TestRemoteHost() {
		this(HostLimits.REMOTE, RemotePluginServer.CONNECTIONS_PER_ADDRESS, RemotePluginServer.PATIENCE);
	}

	TestRemoteHost(HostLimits limits, int connectionsPerAddress, Duration patience) {
		SslContext tls = tls(this.authority.server("gateway"));
		try {
			this.server = RemotePluginServer.start(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
					(connection) -> tls.newHandler(connection.alloc()),
					List.of(new PluginHostService(TestHost.INFORMATION, TestHost.state(), this.storage,
							TestHost.events(this.bus))
						.bindService()),
					(plugin, refusal) -> this.refusals.add(plugin + " " + refusal.label()), ServerTransport.best(),
					limits, connectionsPerAddress, patience);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static SslContext tls(TestCertificates.Server own) {
		try {
			return GrpcSslContexts
				.configure(SslContextBuilder.forServer(stream(own.certificates()), stream(own.key())), SslProvider.JDK)
				.build();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static InputStream stream(String pem) {
		return new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII));
	}

	int port() {
		return this.server.address().getPort();
	}

	HostClient client() {
		return HostClient.remote(port(), this.authority.authority());
	}

	/**
	 * What a plugin gets that shows a token: the version of the protocol, or a status.
	 */
	String answerTo(String token) {
		String answer = RemoteHostCalls.one(port(), this.authority.authority(), token);
		return answer.startsWith(Status.Code.UNAUTHENTICATED.name()) ? Status.Code.UNAUTHENTICATED.name() : answer;
	}

	static PluginSpec spec(String name, String token, Capability... granted) {
		return TestSpec.named(name)
			.source(new PluginSource.Remote("far.example:1", null, null, token))
			.requested(granted)
			.granted(granted)
			.build();
	}

	/** Connects to a plugin and greets it. */
	PluginConnection connected(PluginSpec spec) {
		PluginConnection connection = FakeConnection.connect(this.server, spec, new FakeConnection(() -> {
		}));
		connection.initialize("i", Duration.ofSeconds(1));
		return connection;
	}

	@Override
	public void close() {
		this.server.close();
		this.storage.close();
		this.bus.close();
	}

}
