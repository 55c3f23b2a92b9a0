package org.hkpgateway.actuate.console;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import org.hkpgateway.actuate.PluginsEndpoint;
import org.hkpgateway.proxy.RequestDecision;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ConsoleFeed}.
 */
class ConsoleFeedTests {

	private static final JsonMapper json = new JsonMapper();

	private final VirtualTimeScheduler time = VirtualTimeScheduler.create();

	private final AtomicInteger looks = new AtomicInteger();

	private final RecentDecisions decisions = new RecentDecisions();

	private final PluginLines lines = new PluginLines((plugin, level, message, fields) -> {
	});

	private final ConsoleFeed feed = new ConsoleFeed(new ConsoleFeed.Sources("1.2.3", () -> {
		this.looks.incrementAndGet();
		return new PluginsEndpoint.Listing(List.of(), List.of());
	}, List::of, new CallTimes(), this.decisions, this.lines), this.time);

	@AfterEach
	void close() {
		this.feed.close();
	}

	@Test
	void firstAllThatIsThereThenWhatIsNew() {
		decide("old");
		StepVerifier.create(this.feed.updates().map(ConsoleFeedTests::reasons))
			.then(() -> this.time.advanceTimeBy(Duration.ofMillis(1)))
			.expectNext("[old]")
			.then(() -> decide("new"))
			.then(() -> this.time.advanceTimeBy(Duration.ofSeconds(1)))
			.expectNext("[new]")
			.then(() -> this.time.advanceTimeBy(Duration.ofSeconds(1)))
			.expectNext("[]")
			.thenCancel()
			.verify(Duration.ofSeconds(10));
	}

	@Test
	void oneLookServesAllAndWithoutViewersThereIsNone() {
		this.time.advanceTimeBy(Duration.ofSeconds(5));
		assertThat(this.looks).hasValue(0);
		var one = this.feed.updates().subscribe();
		var other = this.feed.updates().subscribe();
		this.time.advanceTimeBy(Duration.ofMillis(2500));
		assertThat(this.looks).hasValue(3);
		one.dispose();
		other.dispose();
		this.time.advanceTimeBy(Duration.ofSeconds(5));
		assertThat(this.looks).hasValue(3);
	}

	@Test
	void aStopEndsAllViewersAndThoseToCome() {
		StepVerifier.create(this.feed.updates())
			.then(() -> this.time.advanceTimeBy(Duration.ofMillis(1)))
			.expectNextCount(1)
			.then(this.feed::stop)
			.expectComplete()
			.verify(Duration.ofSeconds(10));
		StepVerifier.create(this.feed.updates()).expectComplete().verify(Duration.ofSeconds(10));
	}

	@Test
	void whoIsSlowMissesLooksAndNothingPilesUp() {
		StepVerifier.create(this.feed.updates(), 1)
			.then(() -> this.time.advanceTimeBy(Duration.ofMillis(1)))
			.expectNextCount(1)
			.then(() -> this.time.advanceTimeBy(Duration.ofSeconds(60)))
			.then(() -> decide("late"))
			.thenRequest(10)
			.then(() -> this.time.advanceTimeBy(Duration.ofMillis(1)))
			// The one that was under way, and the latest.
			.expectNextCount(2)
			.thenCancel()
			.verify(Duration.ofSeconds(10));
	}

	@Test
	void textFromOthersStaysText() throws Exception {
		decide("\"}\n\n<script>");
		String update = this.feed.updates().doOnSubscribe((subscription) -> this.time.schedule(() -> {
		})).as((updates) -> {
			var first = updates.next().toFuture();
			this.time.advanceTimeBy(Duration.ofMillis(1));
			return first.join();
		});
		assertThat(update).doesNotContain("\n");
		assertThat(json.readTree(update).path("decisions").path(0).path("reason").asString(""))
			.isEqualTo("\"}\n\n<script>");
		assertThat(json.readTree(update).path("now").path("version").asString("")).isEqualTo("1.2.3");
	}

	private void decide(String reason) {
		this.decisions.decided(
				new RequestDecision(Instant.EPOCH, "r", "192.0.2.1", "GET", "LOOKUP", "a", "respond", 429, reason));
	}

	private static String reasons(String update) {
		JsonNode decisions = json.readTree(update).path("decisions");
		return decisions.valueStream().map((each) -> each.path("reason").asString("")).toList().toString();
	}

}
