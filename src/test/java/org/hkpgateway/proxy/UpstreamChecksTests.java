package org.hkpgateway.proxy;

import java.net.ConnectException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.scheduler.VirtualTimeScheduler;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link UpstreamChecks} and {@link Upstreams}.
 */
class UpstreamChecksTests {

	private static final UpstreamSettings.Health HEALTH = new UpstreamSettings.Health(Duration.ofSeconds(10),
			Duration.ofSeconds(2), 3, 2);

	private final VirtualTimeScheduler time = VirtualTimeScheduler.create();

	private final UpstreamServer first = server("http://a.example");

	private final UpstreamServer second = server("http://b.example");

	private final List<UpstreamServer> asked = new ArrayList<>();

	private Mono<Void> answer = Mono.empty();

	@AfterEach
	void close() {
		this.first.close();
		this.second.close();
		this.time.dispose();
	}

	@Test
	void eachIsAskedAgainAndAgainWithPausesThatDifferByAFifthAtMost() {
		UpstreamChecks checks = checks(this.first, this.second);
		this.time.advanceTimeBy(Duration.ofMillis(7999));
		assertThat(this.asked).isEmpty();
		this.time.advanceTimeBy(Duration.ofMillis(4001));
		assertThat(this.asked).containsExactlyInAnyOrder(this.first, this.second);
		this.time.advanceTimeBy(Duration.ofSeconds(988));
		assertThat(this.asked).hasSizeBetween(2 * 83, 2 * 125);
		checks.dispose();
		int until = this.asked.size();
		this.time.advanceTimeBy(Duration.ofSeconds(100));
		assertThat(this.asked).hasSize(until);
	}

	@Test
	void oneThatNeverAnswersIsAskedOneTimeAtOnceAndIsDownAfterThree() {
		this.answer = Mono.never();
		checks(this.first, this.second);
		this.time.advanceTimeBy(Duration.ofSeconds(12 + 2));
		assertThat(this.asked).hasSize(2);
		this.time.advanceTimeBy(Duration.ofSeconds(3 * (12 + 4)));
		assertThat(this.first.state().isUp()).isFalse();
		this.answer = Mono.empty();
		this.time.advanceTimeBy(Duration.ofSeconds(3 * (12 + 4)));
		assertThat(this.first.state().isUp()).isTrue();
	}

	@Test
	void theOnlyOneIsAskedToo() {
		this.answer = Mono.never();
		checks(this.first);
		this.time.advanceTimeBy(Duration.ofSeconds(3 * (12 + 4)));
		assertThat(this.asked).hasSizeBetween(3, 4);
		assertThat(this.first.state().isUp()).isFalse();
	}

	@Test
	void oneThatIsDownIsInUseOnlyIfAllAre() {
		Upstreams upstreams = new Upstreams(List.of(this.first, this.second));
		this.first.state().unreachable(new ConnectException("refused"));
		assertThat(upstreams.status(this.first, "").up()).isFalse();
		assertThat(upstreams.status(this.first, "").inUse()).isFalse();
		assertThat(upstreams.status(this.second, "").inUse()).isTrue();
		this.second.state().unreachable(new ConnectException("refused"));
		assertThat(upstreams.status(this.first, "").up()).isFalse();
		assertThat(upstreams.status(this.first, "").inUse()).isTrue();
	}

	@Test
	void readsGoToTheLeastBusyThatIsUpAndInTurnsAmongEquals() {
		Upstreams upstreams = new Upstreams(List.of(this.first, this.second));
		assertThat(List.of(upstreams.reader(List.of()), upstreams.reader(List.of())))
			.containsExactlyInAnyOrder(this.first, this.second);
		var busy = this.first.counted(Mono.never()).subscribe();
		assertThat(List.of(upstreams.reader(List.of()), upstreams.reader(List.of()))).containsOnly(this.second);
		this.second.state().unreachable(new ConnectException("refused"));
		assertThat(upstreams.reader(List.of())).isSameAs(this.first);
		busy.dispose();
		assertThat(this.first.inFlight()).isZero();
	}

	@Test
	void ifNoneIsUpAllAreTriedEachOnce() {
		Upstreams upstreams = new Upstreams(List.of(this.first, this.second));
		this.first.state().unreachable(new ConnectException("refused"));
		assertThat(upstreams.reader(List.of(this.second))).isSameAs(this.first);
		this.second.state().unreachable(new ConnectException("refused"));
		assertThat(upstreams.reader(List.of())).isNotNull();
		assertThat(upstreams.reader(List.of(this.first, this.second))).isNull();
	}

	private UpstreamChecks checks(UpstreamServer... servers) {
		return new UpstreamChecks(List.of(servers), HEALTH, (server, timeout) -> {
			this.asked.add(server);
			return this.answer;
		}, this.time);
	}

	private static UpstreamServer server(String url) {
		return new UpstreamServer(URI.create(url), new UpstreamSettings(List.of(), Duration.ofSeconds(1),
				Duration.ofSeconds(1), 10, UpstreamSettings.ContentLength.REQUIRE, HEALTH));
	}

}
