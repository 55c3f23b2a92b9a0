package org.hkpgateway.proxy;

import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawUpstream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Uploads of which a plugin in shadow mode wants to see the body, and which never
 * decides.
 */
@Timeout(60)
class ShadowBodyIT {

	private final BlockingQueue<RequestEvent> seen = new LinkedBlockingQueue<>();

	private RawUpstream upstream;

	@BeforeEach
	void startUpstream() throws IOException {
		this.upstream = RawUpstream.answering("HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nkeyserver!");
	}

	@AfterEach
	void stopUpstream() throws IOException {
		this.upstream.close();
	}

	@Test
	void itSeesAllOfABodyThatFitsAndTheKeyserverGetsTheSame() throws Exception {
		byte[] body = upload(shadow(BodyMode.FULL, PluginSpec.DEFAULT_MAX_MESSAGE_BYTES), 300_000);
		RequestEvent event = this.seen.poll(20, TimeUnit.SECONDS);
		assertThat(event).isNotNull();
		byte[] shown = new byte[event.body().bytes().remaining()];
		event.body().bytes().duplicate().get(shown);
		assertThat(shown).isEqualTo(body);
	}

	@Test
	void aBodyThatIsTooLargeForItPasses() throws Exception {
		upload(shadow(BodyMode.FULL, 200 * 1024), 900_000);
		assertThat(this.seen).isEmpty();
	}

	@Test
	void itSeesAPrefix() throws Exception {
		upload(shadow(BodyMode.PREFIX, PluginSpec.DEFAULT_MAX_MESSAGE_BYTES), 900_000);
		RequestEvent event = this.seen.poll(20, TimeUnit.SECONDS);
		assertThat(event).isNotNull();
		assertThat(event.body().bytes().remaining()).isEqualTo(10);
	}

	@Test
	void anotherPluginSeesNoMoreBecauseOfIt() throws Exception {
		PluginRegistry.Entry other = TestEdge.plugin(BodyMode.PREFIX, client());
		try (TestEdge edge = new TestEdge(this.upstream.uri(), UpstreamSettings.ContentLength.REQUIRE,
				List.of(shadow(BodyMode.FULL, PluginSpec.DEFAULT_MAX_MESSAGE_BYTES), other));
				RawClient client = new RawClient(edge.port())) {
			client.send("POST /pks/add HTTP/1.0\r\nContent-Length: 1000\r\n\r\n").send(new byte[1000]);
			for (int i = 0; i < 2; i++) {
				RequestEvent event = this.seen.poll(20, TimeUnit.SECONDS);
				assertThat(event).isNotNull();
				assertThat(event.body().bytes().remaining()).isIn(10, 1000);
			}
		}
	}

	private byte[] upload(PluginRegistry.Entry plugin, int length) throws Exception {
		byte[] body = new byte[length];
		new Random(length).nextBytes(body);
		try (TestEdge edge = new TestEdge(this.upstream.uri(), UpstreamSettings.ContentLength.REQUIRE, List.of(plugin));
				RawClient client = new RawClient(edge.port())) {
			client.send("POST /pks/add HTTP/1.0\r\nContent-Length: " + length + "\r\n\r\n").send(body);
			assertThat(client.readToEnd().status()).isEqualTo(200);
		}
		assertThat(this.upstream.take().body()).isEqualTo(body);
		return body;
	}

	private PluginRegistry.Entry shadow(BodyMode mode, int maxMessage) {
		PluginSpec spec = TestSpec.named("s").shadow().body(mode, 10).maxMessageBytes(maxMessage).build();
		PluginClient client = client();
		return new PluginRegistry.Entry() {

			@Override
			public PluginSpec spec() {
				return spec;
			}

			@Override
			public PluginClient client() {
				return client;
			}

		};
	}

	private PluginClient client() {
		return (event, budget) -> {
			this.seen.add(event);
			return Mono.never();
		};
	}

}
