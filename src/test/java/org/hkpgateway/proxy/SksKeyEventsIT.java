package org.hkpgateway.proxy;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.events.Event;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.events.EventFilter;
import org.hkpgateway.testsupport.GpgHome;
import org.hkpgateway.testsupport.LargeKey;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.SksServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What {@link KeyEvents} says of keys that gpg sends to a real sks.
 */
@Timeout(180)
class SksKeyEventsIT {

	private static final JsonMapper json = new JsonMapper();

	private static SksServer sks;

	private final EventBus bus = new EventBus();

	private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();

	private final TestListener listener = new TestListener();

	private Disposable subscriber;

	private TestEdge edge;

	@BeforeAll
	static void startSks() {
		sks = SksServer.start();
	}

	@AfterAll
	static void stopSks() {
		if (sks != null) {
			sks.close();
		}
	}

	@BeforeEach
	void start() {
		this.subscriber = this.bus.events(EventFilter.ofTypes("key.*"), 100)
			.subscribe((delivery) -> this.events.add(delivery.event()));
		this.edge = new TestEdge(sks.uri(), List.of(), this.listener, this.bus, "hkp.edge.max-body=4MB");
	}

	@AfterEach
	void stop() {
		this.subscriber.dispose();
		this.edge.close();
	}

	@Test
	void ofANewAKnownAndAChangedKeySksSaysTheSame() throws Exception {
		try (GpgHome alice = GpgHome.create()) {
			String fingerprint = alice.generate("Alice Lab <alice@lab.example>");
			for (int i = 0; i < 3; i++) {
				if (i == 2) {
					alice.run("--quick-add-uid", fingerprint, "Alice Other <alice@other.example>").orFail();
				}
				alice.runWithKeyserver(uri(), "--send-keys", fingerprint).orFail();
				JsonNode submitted = json.readTree(next("key.submitted").data());
				assertThat(submitted.path("status").asInt()).isEqualTo(200);
				assertThat(submitted.path("keys").toString())
					.isEqualTo("[{\"fingerprint\":\"" + fingerprint + "\",\"change\":\"unknown\",\"version\":4}]");
				assertThat(next("key.changed").metadata())
					.isEqualTo(Map.of("fingerprint", fingerprint, "change", "unknown"));
			}
		}
		assertThat(this.listener.unread).isEmpty();
	}

	@Test
	void aKeyOfAMebibyte() throws Exception {
		LargeKey key = LargeKey.ofAtLeast(1024 * 1024);
		try (GpgHome alice = GpgHome.create()) {
			alice.importKeys(key.packets());
			alice.runWithKeyserver(uri(), "--send-keys", key.fingerprint()).orFail();
		}
		next("key.submitted");
		assertThat(next("key.changed").metadata()).containsEntry("fingerprint", key.fingerprint());
	}

	@Test
	void whatSksDoesNotTakeIsNotTold() throws Exception {
		// A subkey where a key should be: SKS says so with status 200.
		String form = "keytext=-----BEGIN+PGP+PUBLIC+KEY+BLOCK-----%0A%0AzgEE%0A%3DiCNW%0A"
				+ "-----END+PGP+PUBLIC+KEY+BLOCK-----%0A";
		// The others it does not know, and says that with status 200, too.
		for (String path : List.of("/pks/add", "/pks/replace", "/pks/delete", "/pks/v2/certs")) {
			assertThat(RawClient
				.exchange(this.edge.port(),
						"POST " + path + " HTTP/1.0\r\nContent-Length: " + form.length() + "\r\n\r\n" + form)
				.status()).isEqualTo(200);
		}
		LargeKey key = LargeKey.ofAtLeast(1);
		try (GpgHome alice = GpgHome.create()) {
			alice.importKeys(key.packets());
			alice.runWithKeyserver(uri(), "--send-keys", key.fingerprint()).orFail();
		}
		assertThat(next("key.submitted").data()).contains(key.fingerprint());
		assertThat(this.listener.unread).isEmpty();
	}

	private URI uri() {
		return URI.create("http://127.0.0.1:" + this.edge.port());
	}

	private Event next(String type) throws InterruptedException {
		Event event = this.events.poll(30, TimeUnit.SECONDS);
		assertThat(event).as("an event within 30 s").isNotNull();
		assertThat(event.type()).isEqualTo(type);
		return event;
	}

}
