package org.hkpgateway;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.testsupport.EventTally;
import org.hkpgateway.testsupport.EventTally.Counts;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.RawClient;
import org.hkpgateway.testsupport.SystemProcesses;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A plugin publishes as fast as it may, which is 100 000 events a second at most, to
 * three others: one whose process is stopped while it reads a stream, one that is stopped
 * while it is called, and a healthy one. The gateway has little memory, and requests go
 * on. {@code bench/figures} measures how fast.
 */
@Timeout(240)
class EventFloodIT {

	/**
	 * For some seconds, and on a slow machine longer, but far below the three health
	 * checks after which a process is replaced.
	 */
	private static final String FLOOD = "call=flood&type=plugin.writer.x&seconds=5&count=100000&most-seconds=15";

	private static final Pattern SENT = Pattern.compile("sent (\\d+) in \\d+ ms");

	/** For each subscriber. */
	private static final int MOST_WAITING = 10_000;

	private static final long MOST_WAITING_BYTES = 4 * 1024 * 1024;

	/** What each does with the events that it is brought. */
	private static final Map<String, String> PLUGINS = Map.of("writer", "OFF", "reader", "OFF", "called", "COUNTS",
			"healthy", "OFF");

	private static final List<String> SUBSCRIBERS = List.of("reader", "called", "healthy");

	@TempDir
	private Path plugins;

	private GatewayProcess gateway;

	@BeforeEach
	void start() throws IOException {
		List<String> properties = new ArrayList<>(
				List.of("hkp.plugins.directories=" + this.plugins, "hkp.plugins.chain-budget=15s",
						"hkp.plugins.default-grants=http.request,http.respond,events.publish,events.subscribe"));
		for (Map.Entry<String, String> plugin : PLUGINS.entrySet()) {
			String name = plugin.getKey();
			FakePluginProgram.installHearing(this.plugins, name, plugin.getValue(),
					"capabilities = [\"http.request\", \"http.respond\", \"events.publish\", \"events.subscribe\"]");
			String settings = "hkp.plugins.settings." + name;
			properties.add(settings + ".required=true");
			properties.add(settings + ".timeout=15s");
			properties.add(settings + ".match.paths=/" + name + "/**");
		}
		// Without memory it ends, instead of going on somehow.
		this.gateway = GatewayProcess.startWith(List.of("-Xmx96m", "-XX:+ExitOnOutOfMemoryError"),
				properties.toArray(String[]::new));
	}

	@AfterEach
	void stop() {
		if (this.gateway != null) {
			this.gateway.close();
		}
	}

	@Test
	void stoppedSubscribersCostNothingButTheirOwnEvents() throws Exception {
		long before = begin();
		Map<String, Long> stopped = Map.of("reader", this.gateway.pluginPid("reader"), "called",
				this.gateway.pluginPid("called"));
		stopped.values().forEach((pid) -> SystemProcesses.signal(pid, "STOP"));
		long most = 0;
		try {
			assertThat(ask("writer", FLOOD)).isEqualTo("flooding");
			int answered = 0;
			while (ask("writer", "call=flooded").equals("flooding")) {
				assertThat(RawClient.exchange(this.gateway.port(), "GET /pks/stats HTTP/1.0\r\n\r\n").status())
					.isEqualTo(200);
				answered++;
				most = Math.max(most, waiting());
			}
			assertThat(answered).as("requests during the flood").isGreaterThan(10);
			// Counted while they still sleep. What is left waits for them, and no more.
			this.gateway.await("losses of those who sleep", () -> lost("reader") > 0 && lost("called") > 0);
			assertThat(Math.max(most, waiting())).as("events that wait for two who sleep")
				.isGreaterThan(MOST_WAITING + MOST_WAITING / 2);
		}
		finally {
			stopped.values().forEach((pid) -> SystemProcesses.signal(pid, "CONT"));
		}
		long sent = sent();
		assertThat(sent).as("events of a flood").isGreaterThan(2 * MOST_WAITING);
		for (String subscriber : SUBSCRIBERS) {
			this.gateway.await("the end of the flood at " + subscriber, () -> told(subscriber).last() == before + sent);
			Counts counts = told(subscriber);
			this.gateway.await("all that " + subscriber + " wanted, delivered or lost",
					() -> value("hkp.plugin.events.delivered?tag=plugin:" + subscriber) + lost(subscriber) == counts
						.emitted());
			if (subscriber.equals("called")) {
				// A process that wakes may still take what it was sent by a call that was
				// given up, and then is told twice what was lost before. Never too
				// little.
				assertThat(counts.dropped()).isGreaterThanOrEqualTo(lost(subscriber));
			}
			else {
				assertThat(counts.dropped()).isEqualTo(lost(subscriber));
				assertThat(counts.received() + counts.dropped()).as(subscriber + ": " + counts)
					.isEqualTo(counts.emitted());
			}
		}
		assertThat(told("reader").dropped()).isPositive().isGreaterThan(told("healthy").dropped());
		assertThat(told("called").dropped()).isPositive().isGreaterThan(told("healthy").dropped());
		stopped.forEach((name, pid) -> assertThat(this.gateway.pluginPid(name)).as(name).isEqualTo(pid));
	}

	/**
	 * Waits until all get events.
	 * @return the number of the last one
	 */
	private long begin() {
		assertThat(ask("reader", "call=read&type=plugin.writer.*")).isEqualTo("reading");
		assertThat(ask("healthy", "call=read&type=plugin.writer.*")).isEqualTo("reading");
		this.gateway.await("subscribers", () -> {
			ask("writer", "call=publish&type=plugin.writer.x&count=1");
			return SUBSCRIBERS.stream().allMatch((name) -> raw(name).matches("reading received=[1-9].*"));
		});
		long[] seen = { -1 };
		this.gateway.await("nothing on its way", () -> {
			boolean still = SUBSCRIBERS.stream().allMatch((name) -> told(name).last() == seen[0]);
			seen[0] = told("healthy").last();
			return still;
		});
		return seen[0];
	}

	private long sent() {
		String told = ask("writer", "call=flooded");
		Matcher matcher = SENT.matcher(told);
		assertThat(matcher.matches()).as(told).isTrue();
		return Long.parseLong(matcher.group(1));
	}

	/** How many events wait for all together; checks that these are not too many. */
	private long waiting() {
		// The gateway itself listens too, with a small buffer.
		long subscribers = SUBSCRIBERS.size() + 1;
		long waiting = value("hkp.events.waiting");
		assertThat(waiting).isLessThanOrEqualTo(subscribers * MOST_WAITING);
		assertThat(value("hkp.events.waiting.bytes")).isLessThanOrEqualTo(subscribers * MOST_WAITING_BYTES);
		return waiting;
	}

	private String ask(String plugin, String query) {
		return body("/" + plugin + "/asks-host?" + query);
	}

	private String body(String target) {
		try {
			return RawClient.exchange(this.gateway.port(), "GET " + target + " HTTP/1.0\r\nHost: k\r\n\r\n").body();
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private String raw(String plugin) {
		return plugin.equals("called") ? body("/called/tells-events") : ask(plugin, "call=told");
	}

	private Counts told(String plugin) {
		return EventTally.read(raw(plugin));
	}

	private long lost(String plugin) {
		return value("hkp.plugin.events.lost?tag=plugin:" + plugin);
	}

	private long value(String meter) {
		return this.gateway.actuator("metrics/" + meter).path("measurements").path(0).path("value").asLong(0);
	}

}
