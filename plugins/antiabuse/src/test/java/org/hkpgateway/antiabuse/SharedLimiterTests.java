package org.hkpgateway.antiabuse;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import org.hkpgateway.sdk.config.PluginConfig;
import org.hkpgateway.sdk.host.HostException;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SharedLimiter}.
 */
class SharedLimiterTests {

	private static final ClientKey CLIENT = client("192.0.2.1");

	private final AtomicLong time = new AtomicLong(1);

	private final FakeState state = new FakeState(this.time);

	private SharedLimiter limiter = replica("{\"threshold\": 3}");

	@Test
	void twoReplicasLetAsManyPassAsOne() {
		SharedLimiter other = replica("{\"threshold\": 3}");
		assertThat(passes(this.limiter)).isTrue();
		assertThat(passes(other)).isTrue();
		assertThat(passes(this.limiter)).isTrue();
		assertThat(refusal(other))
			.isEqualTo(new Verdict.Refused(Duration.ofSeconds(10), "3 requests in 10 s", 1, true));
		assertThat(refusal(this.limiter))
			.isEqualTo(new Verdict.Refused(Duration.ofSeconds(10), "3 requests in 10 s", 1, false));
		assertThat(this.limiter.judge(client("192.0.2.2"), false).toCompletableFuture().join())
			.isEqualTo(Verdict.Pass.INSTANCE);
	}

	@Test
	void aBlockEndsAndTheNextIsLonger() {
		block();
		pass(Duration.ofSeconds(9));
		assertThat(refusal(this.limiter).remaining()).isEqualTo(Duration.ofSeconds(1));
		pass(Duration.ofSeconds(1));
		assertThat(passes(this.limiter)).isTrue();
		assertThat(passes(this.limiter)).isTrue();
		assertThat(passes(this.limiter)).isTrue();
		Verdict.Refused second = refusal(this.limiter);
		assertThat(second.strike()).isEqualTo(2);
		assertThat(second.remaining()).isEqualTo(Duration.ofSeconds(60));
		assertThat(this.state.text("192.0.2.1")).contains("3 requests in 10 s, block 2");
	}

	@Test
	void blocksAreForgotten() {
		block();
		pass(Duration.ofSeconds(10).plus(Duration.ofHours(1)));
		block();
		assertThat(refusal(this.limiter).strike()).isEqualTo(1);
	}

	@Test
	void anotherProcessGoesOnWithTheBlock() {
		block();
		assertThat(refusal(replica("{\"threshold\": 3}")).begins()).isFalse();
	}

	@Test
	void whoDeletesTheNameLiftsTheBlockAndFillsTheBucket() {
		block();
		this.state.delete("192.0.2.1");
		assertThat(passes(this.limiter)).isTrue();
		assertThat(passes(this.limiter)).isTrue();
		assertThat(passes(this.limiter)).isTrue();
		assertThat(refusal(this.limiter).strike()).isEqualTo(2);
	}

	@Test
	void aBlockLastsUntilThereIsRoom() {
		this.limiter = replica("{\"threshold\": 1, \"window\": \"1m\", \"block_steps\": [\"1s\"]}");
		assertThat(passes(this.limiter)).isTrue();
		assertThat(refusal(this.limiter).remaining()).isEqualTo(Duration.ofMinutes(1));
		pass(Duration.ofMinutes(1));
		assertThat(passes(this.limiter)).isTrue();
	}

	@Test
	void allLimitsApply() {
		this.limiter = replica("{\"threshold\": 2, \"max_requests_per_hour\": 3}");
		assertThat(passes(this.limiter)).isTrue();
		assertThat(passes(this.limiter)).isTrue();
		pass(Duration.ofSeconds(10));
		assertThat(passes(this.limiter)).isTrue();
		assertThat(refusal(this.limiter).limit()).isEqualTo("3 requests in 3600 s");
	}

	@Test
	void aDryRunChangesNothing() {
		for (int i = 0; i < 5; i++) {
			assertThat(dry()).isEqualTo(Verdict.Pass.INSTANCE);
		}
		assertThat(passes(this.limiter)).isTrue();
		assertThat(passes(this.limiter)).isTrue();
		assertThat(passes(this.limiter)).isTrue();
		assertThat(dry()).isEqualTo(new Verdict.Refused(Duration.ofSeconds(10), "3 requests in 10 s", 1, true));
		assertThat(this.state.text("192.0.2.1")).isEmpty();
		assertThat(refusal(this.limiter).begins()).isTrue();
	}

	@Test
	void withoutTheStateThisProcessCounts() {
		this.state.failure = HostException.Reason.UNAVAILABLE;
		assertThat(passes(this.limiter)).isTrue();
		assertThat(this.limiter.isAway()).isTrue();
		assertThat(passes(this.limiter)).isTrue();
		assertThat(passes(this.limiter)).isTrue();
		assertThat(refusal(this.limiter).begins()).isTrue();
		assertThat(this.state.calls).as("calls while it is known to be away").isEqualTo(1);
		pass(SharedLimiter.PAUSE);
		this.state.failure = null;
		assertThat(passes(this.limiter)).as("asked again, and there is nothing against the client").isTrue();
		assertThat(this.limiter.isAway()).isFalse();
	}

	@Test
	void aClientForWhomThereIsNoRoomIsCountedHereAndTheOthersThere() {
		assertThat(passes(this.limiter)).isTrue();
		this.state.failure = HostException.Reason.QUOTA;
		for (int i = 0; i < 3; i++) {
			assertThat(this.limiter.judge(client("192.0.2.9"), false).toCompletableFuture().join())
				.isEqualTo(Verdict.Pass.INSTANCE);
		}
		assertThat(this.limiter.judge(client("192.0.2.9"), false).toCompletableFuture().join())
			.isInstanceOf(Verdict.Refused.class);
		assertThat(this.limiter.isAway()).isFalse();
		this.state.failure = null;
		assertThat(passes(this.limiter)).isTrue();
		assertThat(passes(this.limiter)).isTrue();
		assertThat(passes(this.limiter)).isFalse();
	}

	private void block() {
		for (int i = 0; i < 3; i++) {
			assertThat(passes(this.limiter)).isTrue();
		}
		assertThat(refusal(this.limiter).begins()).isTrue();
	}

	private void pass(Duration duration) {
		this.time.addAndGet(duration.toNanos());
	}

	private Verdict dry() {
		return this.limiter.judge(CLIENT, true).toCompletableFuture().join();
	}

	private static boolean passes(SharedLimiter limiter) {
		return limiter.judge(CLIENT, false).toCompletableFuture().join() instanceof Verdict.Pass;
	}

	private static Verdict.Refused refusal(SharedLimiter limiter) {
		return (Verdict.Refused) limiter.judge(CLIENT, false).toCompletableFuture().join();
	}

	private SharedLimiter replica(String json) {
		AntiabuseConfig config = AntiabuseConfig.parse(PluginConfig.parse(json));
		List<ClientLimiter.Limit> limits = config.limits();
		return new SharedLimiter(this.state, "", limits, config,
				new ClientLimiter(limits, config.blockSteps(), config.forgetAfter(), 1000, this.time::get),
				this.time::get);
	}

	private static ClientKey client(String address) {
		try {
			return ClientKey.of(InetAddress.getByName(address));
		}
		catch (UnknownHostException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
