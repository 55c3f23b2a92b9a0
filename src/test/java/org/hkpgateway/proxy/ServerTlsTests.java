package org.hkpgateway.proxy;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

import javax.net.ssl.SSLException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import org.hkpgateway.testsupport.TestCertificates;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.pem.PemSslStoreBundle;
import org.springframework.boot.ssl.pem.PemSslStoreDetails;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link ServerTls}.
 */
@ExtendWith(OutputCaptureExtension.class)
class ServerTlsTests {

	private final TestCertificates authority = new TestCertificates();

	private final TestCertificates.Server first = this.authority.server("first");

	private final TestCertificates.Server second = this.authority.server("second");

	private final DefaultSslBundleRegistry bundles = new DefaultSslBundleRegistry();

	/** Names of bundles that were told to have changed. */
	private final List<String> changed = new ArrayList<>();

	@Test
	void aNameThatIsNoBundleIsAnErrorThatNamesTheKey() {
		assertThatIllegalArgumentException().isThrownBy(() -> ServerTls.of("keys", this.bundles, this.changed::add))
			.withMessage("hkp.tls.bundle: expected: the name of an SSL bundle (spring.ssl.bundle), got: keys");
	}

	@Test
	void aBundleWithoutAKeyIsOne() {
		this.bundles.registerBundle("keys", bundle(this.first.certificates(), null));
		assertThatIllegalArgumentException().isThrownBy(() -> ServerTls.of("keys", this.bundles, this.changed::add))
			.withMessageStartingWith("hkp.tls.bundle: expected: an SSL bundle with a private key and its certificate, "
					+ "got: keys, which cannot be used: ");
	}

	@Test
	void aKeyOfAnotherCertificateIsOne() {
		this.bundles.registerBundle("keys", bundle(this.first.certificates(), this.second.key()));
		assertThatIllegalArgumentException().isThrownBy(() -> ServerTls.of("keys", this.bundles, this.changed::add))
			.withMessageStartingWith("hkp.tls.bundle: ")
			.withMessageContaining("its private key does not belong to its certificate");
	}

	@Test
	void newHandshakesUseTheNewCertificate() throws Exception {
		this.bundles.registerBundle("keys", bundle(this.first.certificates(), this.first.key()));
		ServerTls tls = ServerTls.of("keys", this.bundles, Runnable::run, this.changed::add);
		assertThat(subject(tls)).isEqualTo("CN=first");
		assertThat(this.changed).isEmpty();
		this.bundles.updateBundle("keys", bundle(this.second.certificates(), this.second.key()));
		assertThat(subject(tls)).isEqualTo("CN=second");
		assertThat(this.changed).containsExactly("keys");
	}

	@Test
	void aBrokenChangeKeepsTheOldOneAndIsAnError(CapturedOutput output) throws Exception {
		this.bundles.registerBundle("keys", bundle(this.first.certificates(), this.first.key()));
		ServerTls tls = ServerTls.of("keys", this.bundles, Runnable::run, this.changed::add);
		this.bundles.updateBundle("keys", bundle(this.second.certificates(), this.first.key()));
		assertThat(subject(tls)).isEqualTo("CN=first");
		assertThat(output).contains("ERROR", "SSL bundle keys has changed and cannot be used", "hkp.tls.bundle");
		assertThat(this.changed).isEmpty();
		this.bundles.updateBundle("keys", bundle(this.second.certificates(), this.second.key()));
		assertThat(subject(tls)).isEqualTo("CN=second");
	}

	@Test
	void http2IsOffered() throws Exception {
		this.bundles.registerBundle("keys", bundle(this.first.certificates(), this.first.key()));
		ServerTls tls = ServerTls.of("keys", this.bundles, Runnable::run, this.changed::add);
		assertThat(handshake(tls, "h2", "http/1.1").applicationProtocol()).isEqualTo("h2");
		assertThat(handshake(tls, "http/1.1").applicationProtocol()).isEqualTo("http/1.1");
		assertThat(handshake(tls, "acme-tls/1").applicationProtocol()).isNull();
	}

	@Test
	void ofGrpcItIsHttp2AloneAndNamesItsOwnKey() throws Exception {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> ServerTls.ofGrpc("hkp.plugins.host.tls-bundle", "keys", this.bundles, this.changed::add))
			.withMessage(
					"hkp.plugins.host.tls-bundle: expected: the name of an SSL bundle (spring.ssl.bundle), got: keys");
		this.bundles.registerBundle("keys", bundle(this.first.certificates(), this.first.key()));
		ServerTls tls = ServerTls.ofGrpc("key", "keys", this.bundles, Runnable::run, this.changed::add);
		assertThat(handshake(tls, "h2", "http/1.1").applicationProtocol()).isEqualTo("h2");
		assertThat(handshake(tls, "http/1.1").applicationProtocol()).isNull();
		assertThat(tls.newHandler(new EmbeddedChannel()).engine().getNeedClientAuth()).isFalse();
	}

	@Test
	void ofGrpcATrustStoreDemandsCertificatesAlsoWhenItComesLater() {
		this.bundles.registerBundle("keys", bundle(this.first.certificates(), this.first.key()));
		ServerTls tls = ServerTls.ofGrpc("key", "keys", this.bundles, Runnable::run, this.changed::add);
		this.bundles.updateBundle("keys",
				SslBundle.of(new PemSslStoreBundle(
						PemSslStoreDetails.forCertificate(this.first.certificates()).withPrivateKey(this.first.key()),
						PemSslStoreDetails.forCertificate(this.authority.authority()))));
		assertThat(tls.newHandler(new EmbeddedChannel()).engine().getNeedClientAuth()).isTrue();
		assertThat(this.changed).containsExactly("keys");
	}

	@Test
	void aHandshakeIsNotWaitedForMoreThanTenSeconds() {
		this.bundles.registerBundle("keys", bundle(this.first.certificates(), this.first.key()));
		SslHandler handler = ServerTls.of("keys", this.bundles, this.changed::add).newHandler(new EmbeddedChannel());
		assertThat(handler.getHandshakeTimeoutMillis()).isEqualTo(10_000);
	}

	@Test
	void aHandshakeThatNobodyHasTimeForFails() throws Exception {
		this.bundles.registerBundle("keys", bundle(this.first.certificates(), this.first.key()));
		ServerTls tls = ServerTls.of("keys", this.bundles, (task) -> {
			throw new RejectedExecutionException("busy");
		}, this.changed::add);
		List<EdgeListener.Reason> told = new ArrayList<>();
		RefusedConnections refused = new RefusedConnections(told::add, ClientAddressSettings.Log.FULL, () -> 0);
		EmbeddedChannel far = new EmbeddedChannel();
		SslHandler handler = tls.newHandler(far);
		far.pipeline().addLast(handler, new TlsStart(handler, refused, (ctx) -> {
		}));
		EmbeddedChannel near = new EmbeddedChannel(client("h2"));
		pass(near, far);
		assertThat(told).containsExactly(EdgeListener.Reason.TLS_BUSY);
		assertThat(far.isOpen()).isFalse();
		near.finishAndReleaseAll();
		far.finishAndReleaseAll();
	}

	@Test
	void nothingIsCalculatedForAConnectionThatHasEnded() {
		EmbeddedChannel channel = new EmbeddedChannel();
		List<Runnable> waiting = new ArrayList<>();
		AtomicInteger calculated = new AtomicInteger();
		Executor executor = ServerTls.whileOpen(channel, waiting::add);
		executor.execute(calculated::incrementAndGet);
		executor.execute(calculated::incrementAndGet);
		waiting.get(0).run();
		assertThat(calculated).hasValue(1);
		channel.close();
		waiting.get(1).run();
		assertThat(calculated).hasValue(1);
	}

	private static SslBundle bundle(String certificates, @Nullable String key) {
		return SslBundle
			.of(new PemSslStoreBundle(PemSslStoreDetails.forCertificate(certificates).withPrivateKey(key), null));
	}

	private String subject(ServerTls tls) throws Exception {
		Certificate[] chain = handshake(tls, "h2").engine().getSession().getPeerCertificates();
		return ((X509Certificate) chain[0]).getSubjectX500Principal().getName();
	}

	/** A client's handshake with a handler of the server, in memory. */
	private SslHandler handshake(ServerTls tls, String... protocols) throws SSLException {
		SslHandler client = client(protocols);
		EmbeddedChannel near = new EmbeddedChannel(client);
		EmbeddedChannel far = new EmbeddedChannel();
		far.pipeline().addLast(tls.newHandler(far));
		for (int i = 0; i < 20 && !client.handshakeFuture().isDone(); i++) {
			pass(near, far);
			pass(far, near);
		}
		assertThat(client.handshakeFuture().isSuccess()).isTrue();
		near.finishAndReleaseAll();
		far.finishAndReleaseAll();
		return client;
	}

	private SslHandler client(String... protocols) throws SSLException {
		return SslContextBuilder.forClient()
			.trustManager(new ByteArrayInputStream(this.authority.authority().getBytes(StandardCharsets.US_ASCII)))
			.applicationProtocolConfig(new ApplicationProtocolConfig(ApplicationProtocolConfig.Protocol.ALPN,
					ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
					ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT, protocols))
			.build()
			.newHandler(UnpooledByteBufAllocator.DEFAULT, "localhost", 443);
	}

	private static void pass(EmbeddedChannel from, EmbeddedChannel to) {
		for (ByteBuf next = from.readOutbound(); next != null; next = from.readOutbound()) {
			to.writeInbound(next);
		}
	}

}
