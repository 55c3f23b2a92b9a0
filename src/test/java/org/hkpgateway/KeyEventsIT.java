package org.hkpgateway;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.hkpgateway.chain.ChainResult;
import org.hkpgateway.events.Event;
import org.hkpgateway.events.EventFilter;
import org.hkpgateway.grpc.FakePluginProgram;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A process of the earlier generation hears of keys.
 */
@Timeout(120)
class KeyEventsIT {

	private static final Duration LONG = Duration.ofSeconds(20);

	@TempDir
	private Path plugins;

	private final RealPluginHost host = new RealPluginHost(RealPluginHost.settings(LONG, LONG, LONG, 5));

	private final Queue<Event> emitted = new ConcurrentLinkedQueue<>();

	@AfterEach
	void close() {
		this.host.close();
	}

	private void start(Capability... granted) throws Exception {
		Path directory = Files.createDirectories(this.plugins.resolve("old"));
		PluginSpec spec = TestSpec.named("old")
			.executable(directory, FakePluginProgram.script(directory),
					List.of("AS_ASKED", "GOOD", "OFF", "OFF", "KEY_CHANGES"))
			.required(true)
			.timeout(LONG)
			.granted(granted)
			.build();
		var unused = this.host.bus.events(EventFilter.ofTypes("plugin.old.*"), 100)
			.subscribe((delivery) -> this.emitted.add(delivery.event()));
		this.host.start(List.of(spec));
	}

	private void changed(String fingerprint, String change) {
		this.host.bus.publish("key.changed", "gateway", Map.of("fingerprint", fingerprint, "change", change),
				() -> "{}");
	}

	private String told() {
		ByteBuffer body = ((ChainResult.Answer) this.host.ask("/tells-events")).body();
		return StandardCharsets.UTF_8.decode(body.duplicate()).toString();
	}

	@Test
	void itAnswersWithEventsOfItsOwn() throws Exception {
		start(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND, Capability.EVENTS_SUBSCRIBE, Capability.EVENTS_PUBLISH);
		changed("AA", "inserted");
		changed("BB", "ignored");
		changed("CC", "updated");
		this.host.bus.publish("plugin.state", "gateway", Map.of("change", "inserted"), () -> "{}");
		this.host.await("two events of its own", () -> this.emitted.size() == 2);
		assertThat(told()).isEqualTo("create AA\nupdate CC");
		assertThat(this.emitted).extracting((event) -> event.source() + " " + event.type() + " " + event.data())
			.containsExactly("old plugin.old.seen {\"key\":\"AA\"}", "old plugin.old.seen {\"key\":\"CC\"}");
	}

	@Test
	void whatItMayNotEmitGoesNowhere() throws Exception {
		start(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND, Capability.EVENTS_SUBSCRIBE);
		changed("AA", "inserted");
		changed("CC", "updated");
		this.host.await("two events", () -> told().equals("create AA\nupdate CC"));
		assertThat(this.emitted).isEmpty();
	}

	@Test
	void itHearsNothingWithoutTheGrant() throws Exception {
		start(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND, Capability.EVENTS_PUBLISH);
		assertThat(this.host.bus.isWanted("key.changed")).isFalse();
		changed("AA", "inserted");
		assertThat(told()).isEmpty();
	}

}
