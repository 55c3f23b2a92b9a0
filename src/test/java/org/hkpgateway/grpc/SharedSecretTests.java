package org.hkpgateway.grpc;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import org.hkpgateway.grpc.FakePlugin.Manners;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.plugin.Transport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link SharedSecret} and the transport that is named after it.
 */
@Timeout(60)
class SharedSecretTests {

	private static final Duration LONG = Duration.ofSeconds(20);

	private static final PluginSpec SPEC = TestSpec.named("fake").transport(Transport.SECRET).build();

	@TempDir
	private Path directory;

	private GrpcConnector connector;

	private PluginConnection.Offer offer;

	private String secret;

	@BeforeEach
	void offer() {
		this.connector = new GrpcConnector(new Gateway("0.1", Duration.ofSeconds(1)));
		this.offer = this.connector.offer(SPEC);
		this.secret = this.offer.environment().get("PLUGIN_AUTH_SECRET");
	}

	@AfterEach
	void close() {
		this.connector.close();
	}

	@Test
	void everyCallCarriesIt() throws Exception {
		try (FakePlugin plugin = new FakePlugin(this.directory, null, this.secret);
				PluginConnection connection = this.offer.connect(plugin.endpoint(), null, LONG)) {
			connection.initialize("i-1", LONG);
			connection.checkHealth(LONG);
			assertThat(connection.client().decide(TestEvents.lookup(), LONG).block(LONG))
				.isInstanceOf(Decision.Continue.class);
			connection.shutdown("test", LONG);
			assertThat(connection.security()).isEqualTo("secret");
			assertThat(plugin.calls).containsExactly("Initialize", "HealthCheck", "HandleRequest", "Shutdown");
			assertThat(plugin.otherCalls).containsExactlyInAnyOrder("Check", "StreamStdio", "Shutdown");
			assertThat(plugin.authorizations).hasSize(7).containsOnly("Bearer " + this.secret);
			assertThat(plugin.initialized.remove().getNonce().size()).isEqualTo(32);
		}
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			NO_PROOF | plugin fake: auth_proof: expected: HMAC-SHA256 of the nonce with PLUGIN_AUTH_SECRET, \
			got: none
			WRONG_PROOF | plugin fake: auth_proof: expected: HMAC-SHA256 of the nonce with PLUGIN_AUTH_SECRET, \
			got: 32 other bytes
			REFUSES | plugin fake: Initialize: expected: success, got: a refusal
			""")
	void pluginThatDoesNotKnowIt(Manners manners, String message) throws Exception {
		try (FakePlugin plugin = new FakePlugin(this.directory, null, this.secret);
				PluginConnection connection = this.offer.connect(plugin.endpoint(), null, LONG)) {
			plugin.manners = manners;
			assertThatExceptionOfType(PluginStartException.class).isThrownBy(() -> connection.initialize("i-1", LONG))
				.withMessageStartingWith(message)
				.withMessageNotContaining(this.secret);
		}
	}

	@Test
	void pluginThatWasToldAnother() throws Exception {
		try (FakePlugin plugin = new FakePlugin(this.directory, null, SharedSecret.generate().text())) {
			assertThatExceptionOfType(PluginStartException.class)
				.isThrownBy(() -> this.offer.connect(plugin.endpoint(), null, LONG))
				.withMessageContaining("expected: an answer, got: UNAUTHENTICATED: who are you?")
				.withMessageNotContaining(this.secret);
			assertThat(plugin.calls).isEmpty();
		}
	}

	@Test
	void is32RandomBytesInBase64UrlWithoutPadding() {
		assertThat(this.secret).hasSize(43).matches("[A-Za-z0-9_-]+");
		assertThat(Base64.getUrlDecoder().decode(this.secret)).hasSize(32);
		assertThat(this.connector.offer(SPEC).environment().get("PLUGIN_AUTH_SECRET")).isNotEqualTo(this.secret);
	}

	@Test
	void proofIsKeyedWithTheTextOfTheVariable() throws Exception {
		SharedSecret made = SharedSecret.generate();
		byte[] nonce = made.newNonce();
		assertThat(nonce).hasSize(32).isNotEqualTo(made.newNonce());
		assertThat(made.proves(nonce, hmac(made.text().getBytes(StandardCharsets.US_ASCII), nonce))).isTrue();
		assertThat(made.proves(nonce, hmac(Base64.getUrlDecoder().decode(made.text()), nonce))).isFalse();
		assertThat(made.proves(nonce, new byte[0])).isFalse();
	}

	@Test
	void textsDoNotShowIt() {
		SharedSecret made = SharedSecret.generate();
		assertThat(new LocalCredentials.Secret(made)).asString().doesNotContain(made.text());
		assertThat(new ChannelSecurity.Secret(made)).asString().doesNotContain(made.text());
		assertThat(new BearerToken(made.text())).asString().doesNotContain(made.text());
		assertThat(new ChannelSecurity.Remote(true, false, made.text())).hasToString("Remote[tls+token]");
	}

	private static byte[] hmac(byte[] key, byte[] message) throws Exception {
		Mac mac = Mac.getInstance("HmacSHA256");
		mac.init(new SecretKeySpec(key, "HmacSHA256"));
		return mac.doFinal(message);
	}

}
