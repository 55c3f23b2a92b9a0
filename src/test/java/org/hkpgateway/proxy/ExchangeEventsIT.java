package org.hkpgateway.proxy;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import org.hkpgateway.events.Event;
import org.hkpgateway.events.EventBus;
import org.hkpgateway.events.EventFilter;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginRegistry;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.RawHttp2;
import org.hkpgateway.testsupport.RawUpstream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What {@link ExchangeEvents} says of real requests.
 */
@Timeout(60)
class ExchangeEventsIT {

	private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

	private static final String GET = "GET /pks/lookup?op=get&search=alice@lab.example HTTP/1.0\r\n\r\n";

	private static final JsonMapper json = new JsonMapper();

	private final EventBus bus = new EventBus();

	private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();

	private final Disposable.Composite subscribers = Disposables.composite();

	@AfterEach
	void unsubscribe() {
		this.subscribers.dispose();
	}

	@Test
	void aRequestThatWasForwarded() throws Exception {
		listen("request.*");
		Instant before = Instant.now();
		Map<String, String> notes = Map.of("seen", "127.0.0.1 asks", "tier", "gold");
		try (RawUpstream upstream = RawUpstream.answering(OK);
				TestEdge edge = edge(upstream, deciding(new Decision.Continue(List.of(), List.of(), notes, "why")))) {
			assertThat(RawClient
				.exchange(edge.port(),
						"POST /pks/add HTTP/1.1\r\nHost: keys\r\n"
								+ "Connection: close\r\nContent-Length: 9\r\n\r\nkeytext=x")
				.status()).isEqualTo(200);
			Event event = next();
			assertThat(event.type()).isEqualTo("request.completed");
			assertThat(event.source()).isEqualTo("gateway");
			assertThat(event.metadata()).isEqualTo(Map.of("operation", "ADD", "decision", "forward", "status", "200"));
			JsonNode data = json.readTree(event.data());
			assertThat(data.propertyNames()).containsExactly("request", "time", "client", "protocol", "tls", "method",
					"operation", "decision", "status", "ending", "plugins", "upstream", "in", "out", "ms",
					"annotations");
			assertThat(data.path("request").asString()).hasSize(16);
			assertThat(Instant.parse(data.path("time").asString())).isBetween(before.minusMillis(2), Instant.now());
			assertThat(data.path("client").asString()).isEqualTo("127.0.0.1");
			assertThat(data.path("protocol").asString()).isEqualTo("HTTP/1.1");
			assertThat(data.path("method").asString()).isEqualTo("POST");
			assertThat(data.path("status").asInt()).isEqualTo(200);
			assertThat(data.path("ending").asString()).isEqualTo("whole");
			assertThat(data.path("upstream").asString()).isEqualTo("127.0.0.1:" + upstream.uri().getPort());
			assertThat(data.path("in").asLong()).isEqualTo(9);
			assertThat(data.path("out").asLong()).isEqualTo(2);
			assertThat(data.path("ms").asDouble()).isPositive();
			JsonNode plugin = data.path("plugins").path(0);
			assertThat(plugin.path("plugin").asString()).isEqualTo("p");
			assertThat(plugin.path("phase").asString()).isEqualTo("request");
			assertThat(plugin.path("outcome").asString()).isEqualTo("continue");
			assertThat(plugin.path("ms").isNumber()).isTrue();
			assertThat(data.path("annotations").path("p.tier").asString()).isEqualTo("gold");
			assertThat(data.path("annotations").path("p.seen").asString()).isEqualTo("127.0.0.1 asks");
		}
		assertThat(this.events).isEmpty();
	}

	@Test
	void aRequestThatAPluginAnsweredIsBlockedAndThenCompleted() throws Exception {
		listen("request.*");
		try (RawUpstream upstream = RawUpstream.answering(OK);
				TestEdge edge = edge(upstream, deciding(new Decision.Respond(new ResponseHead(429, Headers.empty()),
						ByteBuffer.allocate(0), Map.of(), "no")))) {
			assertThat(RawClient.exchange(edge.port(), GET).status()).isEqualTo(429);
		}
		Event blocked = next();
		Event completed = next();
		assertThat(blocked.type()).isEqualTo("request.blocked");
		assertThat(completed.type()).isEqualTo("request.completed");
		assertThat(blocked.metadata())
			.isEqualTo(Map.of("operation", "LOOKUP_GET", "decision", "answer", "status", "429", "plugin", "p"));
		assertThat(completed.metadata()).isEqualTo(blocked.metadata());
		JsonNode data = json.readTree(blocked.data());
		assertThat(data.path("plugin").asString()).isEqualTo("p");
		assertThat(data.has("upstream")).isFalse();
		assertThat(blocked.data() + completed.data()).doesNotContain("alice");
	}

	@Test
	void aRequestThatAPluginFailedIsBlockedToo() throws Exception {
		listen("request.blocked");
		PluginClient fails = (event, budget) -> Mono.error(new PluginFailure.Timeout(new PluginId("p"), event.path()));
		try (RawUpstream upstream = RawUpstream.answering(OK); TestEdge edge = edge(upstream, fails)) {
			assertThat(RawClient.exchange(edge.port(), GET).status()).isEqualTo(500);
		}
		JsonNode plugin = json.readTree(next().data()).path("plugins").path(0);
		assertThat(plugin.path("outcome").asString()).isEqualTo("failed-closed");
		assertThat(plugin.path("failure").asString()).isEqualTo("timeout");
	}

	@Test
	void aRequestThatWasRefused() throws Exception {
		listen("request.*");
		try (RawUpstream upstream = RawUpstream.answering(OK); TestEdge edge = edge(upstream, continuing())) {
			assertThat(RawClient.exchange(edge.port(), "GET /pks/lookup?op=%00 HTTP/1.0\r\n\r\n").status())
				.isEqualTo(400);
			Event event = next();
			assertThat(event.type()).isEqualTo("request.completed");
			assertThat(event.metadata()).isEqualTo(Map.of("decision", "refuse", "status", "400"));
			// One whose head could not even be read.
			assertThat(RawClient.exchange(edge.port(), "GET /\0 HTTP/1.0\r\n\r\n").status()).isEqualTo(400);
			JsonNode data = json.readTree(next().data());
			assertThat(data.path("decision").asString()).isEqualTo("refuse");
			assertThat(data.path("client").asString()).isEqualTo("127.0.0.1");
			// An unknown method may be as long as a head.
			assertThat(RawClient.exchange(edge.port(), "X".repeat(3000) + " / HTTP/1.0\r\n\r\n").status())
				.isEqualTo(501);
			assertThat(next().data()).hasSizeLessThan(500);
		}
	}

	@Test
	void aClientThatLeft() throws Exception {
		listen("request.completed");
		CountDownLatch arrived = new CountDownLatch(1);
		try (RawUpstream upstream = new RawUpstream((socket, request) -> arrived.countDown());
				TestEdge edge = edge(upstream, continuing());
				RawClient client = new RawClient(edge.port())) {
			client.send("GET /pks/stats HTTP/1.1\r\nHost: keys\r\n\r\n");
			assertThat(arrived.await(20, TimeUnit.SECONDS)).isTrue();
			client.reset();
			Event event = next();
			assertThat(event.metadata()).isEqualTo(Map.of("operation", "STATS", "decision", "forward"));
			JsonNode data = json.readTree(event.data());
			assertThat(data.path("ending").asString()).isEqualTo("client-left");
			assertThat(data.has("status")).isFalse();
		}
	}

	@Test
	void anAnswerThatWasCutShort() throws Exception {
		listen("request.completed");
		try (RawUpstream upstream = RawUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf");
				TestEdge edge = edge(upstream, continuing())) {
			RawClient.exchange(edge.port(), GET);
			JsonNode data = json.readTree(next().data());
			assertThat(data.path("ending").asString()).isEqualTo("cut-short");
			assertThat(data.path("status").asInt()).isEqualTo(200);
			assertThat(data.path("out").asLong()).isEqualTo(4);
		}
	}

	@Test
	void streamsOfHttp2() throws Exception {
		listen("request.completed");
		try (RawUpstream upstream = RawUpstream.answering(OK);
				TestEdge edge = edge(upstream, continuing());
				RawHttp2 client = RawHttp2.connect(edge.port())) {
			client.request(1, true, "GET", "/pks/stats").answer(1);
			JsonNode data = json.readTree(next().data());
			assertThat(data.path("protocol").asString()).isEqualTo("HTTP/2.0");
			assertThat(data.path("ending").asString()).isEqualTo("whole");
			assertThat(data.path("out").asLong()).isEqualTo(2);
		}
	}

	@Test
	void addressesAreThoseOfTheLog() throws Exception {
		listen("request.completed");
		PluginClient notes = deciding(new Decision.Continue(List.of(), List.of(), Map.of("from", "127.0.0.1"), ""));
		try (RawUpstream upstream = RawUpstream.answering(OK)) {
			try (TestEdge edge = edge(upstream, notes, "hkp.client-address.log=truncated")) {
				RawClient.exchange(edge.port(), GET);
				JsonNode data = json.readTree(next().data());
				assertThat(data.path("client").asString()).isEqualTo("127.0.0.0/24");
				assertThat(data.path("annotations").path("p.from").asString()).isEqualTo("127.0.0.0/24");
			}
			try (TestEdge edge = edge(upstream, notes, "hkp.client-address.log=none")) {
				RawClient.exchange(edge.port(), GET);
				JsonNode data = json.readTree(next().data());
				assertThat(data.has("client")).isFalse();
				assertThat(data.path("annotations").path("p.from").asString()).isEqualTo("(address)");
			}
		}
	}

	@Test
	void notesThatHaveNoRoomAreCounted() throws Exception {
		listen("request.completed");
		Map<String, String> notes = Map.of("a", "x".repeat(3000), "b", "x".repeat(3000), "c", "short");
		try (RawUpstream upstream = RawUpstream.answering(OK);
				TestEdge edge = edge(upstream, deciding(new Decision.Continue(List.of(), List.of(), notes, "")))) {
			RawClient.exchange(edge.port(), GET);
			JsonNode data = json.readTree(next().data());
			assertThat(data.path("annotations").propertyNames()).containsExactly("p.a", "p.c");
			assertThat(data.path("annotations_left_out").asInt()).isEqualTo(1);
		}
	}

	@Test
	void whatNobodyWantsIsNotMade() throws Exception {
		try (RawUpstream upstream = RawUpstream.answering(OK); TestEdge edge = edge(upstream, continuing())) {
			assertThat(RawClient.exchange(edge.port(), GET).status()).isEqualTo(200);
			listen("plugin.state");
			assertThat(RawClient.exchange(edge.port(), GET).status()).isEqualTo(200);
		}
		this.bus.publish("plugin.state", "test", Map.of(), () -> "{}");
		// The bus numbers what it makes.
		assertThat(next().id()).endsWith("-1");
	}

	@Test
	void aSubscriberThatDoesNotListenHoldsNothingUp() throws Exception {
		BlockingQueue<Long> lost = new LinkedBlockingQueue<>();
		BaseSubscriber<EventBus.Delivery> slow = new BaseSubscriber<>() {

			@Override
			protected void hookOnSubscribe(Subscription subscription) {
				// Nothing for now.
			}

			@Override
			protected void hookOnNext(EventBus.Delivery delivery) {
				lost.add(delivery.lost());
			}

		};
		this.subscribers.add(slow);
		this.bus.events(EventFilter.ofTypes("request.completed"), 2).subscribe(slow);
		try (RawUpstream upstream = RawUpstream.answering(OK); TestEdge edge = edge(upstream, continuing())) {
			for (int i = 0; i < 10; i++) {
				assertThat(RawClient.exchange(edge.port(), GET).body()).isEqualTo("ok");
			}
		}
		slow.requestUnbounded();
		long told = 0;
		int delivered = 0;
		while (told + delivered < 10) {
			Long next = lost.poll(10, TimeUnit.SECONDS);
			assertThat(next).as("told of %d lost and given %d of 10", told, delivered).isNotNull();
			told += next;
			delivered++;
		}
		assertThat(told).isPositive();
		assertThat(told + delivered).isEqualTo(10);
	}

	private void listen(String type) {
		this.subscribers.add(this.bus.events(EventFilter.ofTypes(type), 16)
			.subscribe((delivery) -> this.events.add(delivery.event())));
	}

	private Event next() throws InterruptedException {
		Event event = this.events.poll(20, TimeUnit.SECONDS);
		assertThat(event).as("an event within 20 s").isNotNull();
		return event;
	}

	private static PluginClient continuing() {
		return deciding(Decision.Continue.UNCHANGED);
	}

	private static PluginClient deciding(Decision decision) {
		return (event, budget) -> Mono.delay(Duration.ofMillis(1)).thenReturn(decision);
	}

	private TestEdge edge(RawUpstream upstream, PluginClient plugin, String... properties) {
		List<PluginRegistry.Entry> chain = List.of(TestEdge.plugin(BodyMode.NONE, plugin));
		return new TestEdge(upstream.uri(), chain, this.bus, properties);
	}

}
