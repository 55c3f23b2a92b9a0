package org.hkpgateway.antiabuse.ledger;

import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;

import org.hkpgateway.antiabuse.FakeState;
import org.hkpgateway.antiabuse.count.BucketCounter;
import org.hkpgateway.antiabuse.count.ClientKey;
import org.hkpgateway.antiabuse.count.Limit;
import org.hkpgateway.antiabuse.count.SlidingCounter;
import org.hkpgateway.sdk.host.HostException;
import org.hkpgateway.sdk.host.SharedState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SharedLedger}, with a {@link BucketCounter}.
 */
class SharedLedgerTests {

	private static final Steps STEPS = new Steps(
			List.of(Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofMinutes(10)), Duration.ofHours(1));

	private static final ClientKey CLIENT = client("192.0.2.1");

	private final AtomicLong time = new AtomicLong(1);

	private final FakeState state = new FakeState(this.time);

	private Limiter limiter = replica(3);

	@Test
	void twoReplicasLetAsManyPassAsOne() {
		Limiter other = replica(3);
		assertThat(passes(this.limiter)).isTrue();
		assertThat(passes(other)).isTrue();
		assertThat(passes(this.limiter)).isTrue();
		assertThat(refusal(other))
			.isEqualTo(new Standing.Blocked("rate", "3 requests in 10 s", 1, Duration.ofSeconds(10), true));
		assertThat(refusal(this.limiter))
			.isEqualTo(new Standing.Blocked("rate", "3 requests in 10 s", 1, Duration.ofSeconds(10), false));
		assertThat(this.limiter.judge(client("192.0.2.2"), false).toCompletableFuture().join())
			.isEqualTo(new Standing.Clear());
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
		Standing.Blocked second = refusal(this.limiter);
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
		assertThat(refusal(replica(3)).begins()).isFalse();
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
		this.limiter = new Limiter(new Steps(List.of(Duration.ofSeconds(1)), Duration.ofHours(1)),
				limit(1, Duration.ofMinutes(1)));
		assertThat(passes(this.limiter)).isTrue();
		assertThat(refusal(this.limiter).remaining()).isEqualTo(Duration.ofMinutes(1));
		pass(Duration.ofMinutes(1));
		assertThat(passes(this.limiter)).isTrue();
	}

	@Test
	void allLimitsApply() {
		this.limiter = new Limiter(STEPS, limit(2, Duration.ofSeconds(10)), limit(3, Duration.ofHours(1)));
		assertThat(passes(this.limiter)).isTrue();
		assertThat(passes(this.limiter)).isTrue();
		pass(Duration.ofSeconds(10));
		assertThat(passes(this.limiter)).isTrue();
		assertThat(refusal(this.limiter).limit()).isEqualTo("3 requests in 3600 s");
	}

	@Test
	void aDryRunChangesNothing() {
		for (int i = 0; i < 5; i++) {
			assertThat(dry()).isEqualTo(new Standing.Clear());
		}
		assertThat(passes(this.limiter)).isTrue();
		assertThat(passes(this.limiter)).isTrue();
		assertThat(passes(this.limiter)).isTrue();
		assertThat(dry())
			.isEqualTo(new Standing.Blocked("rate", "3 requests in 10 s", 1, Duration.ofSeconds(10), true));
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
		pass(StateLink.PAUSE);
		this.state.failure = null;
		assertThat(refusal(this.limiter).begins()).as("asked again, but what began here stands").isFalse();
		assertThat(this.limiter.isAway()).isFalse();
		assertThat(this.limiter.judge(client("192.0.2.2"), false).toCompletableFuture().join())
			.isEqualTo(new Standing.Clear());
		assertThat(this.state.keys()).containsExactlyInAnyOrder("192.0.2.1", "192.0.2.2", "strikes:192.0.2.1");
	}

	/** Whatever the clients do then. */
	@Test
	void whatBeganHereIsHandedOverWhenTheStateIsBack() {
		ClientKey ended = client("192.0.2.3");
		ClientKey blockedThere = client("192.0.2.4");
		this.limiter = replica(1);
		this.state.failure = HostException.Reason.UNAVAILABLE;
		block(this.limiter, ended);
		pass(Duration.ofSeconds(11));
		block(this.limiter, CLIENT);
		block(this.limiter, blockedThere);
		pass(StateLink.PAUSE);
		this.state.failure = null;
		block(replica(1), blockedThere);

		assertThat(this.limiter.judge(client("192.0.2.2"), false).toCompletableFuture().join())
			.isEqualTo(new Standing.Clear());
		assertThat(this.limiter.isAway()).isFalse();
		assertThat(this.state.text("192.0.2.1")).contains("1 request in 10 s, block 1");
		assertThat(this.state.text("strikes:192.0.2.1")).contains("1");
		assertThat(this.state.text("192.0.2.3")).isEmpty();

		for (ClientKey client : List.of(CLIENT, blockedThere)) {
			this.state.delete(client.toString());
			assertThat(this.limiter.judge(client, false).toCompletableFuture().join()).as("%s, lifted", client)
				.isEqualTo(new Standing.Clear());
		}
		assertThat(refusal(this.limiter).strike()).as("it is remembered").isEqualTo(2);
	}

	/** Whoever has it, and whatever another replica has begun meanwhile. */
	@Test
	void theLongerBlockCounts() {
		this.limiter = new Limiter(new Steps(List.of(Duration.ofHours(24)), Duration.ofHours(1)),
				limit(1, Duration.ofSeconds(10)));
		this.state.failure = HostException.Reason.QUOTA;
		block(this.limiter, CLIENT);
		pass(Duration.ofSeconds(1));
		this.state.failure = null;
		block(replica(1), CLIENT);

		Standing.Blocked day = (Standing.Blocked) dry();
		assertThat(day.remaining()).isEqualTo(Duration.ofHours(24).minusSeconds(1));
		assertThat(refusal(replica(1)).remaining()).as("a dry run hands nothing over")
			.isEqualTo(Duration.ofSeconds(10));
		assertThat(refusal(this.limiter)).isEqualTo(day);
		assertThat(refusal(replica(1)).remaining()).isEqualTo(day.remaining());
		this.state.delete(CLIENT.toString());
		assertThat(passes(this.limiter)).isTrue();
	}

	@Test
	void handingOverEndsWhenTheStateFailsAgainAndGoesOnLater() {
		this.limiter = new Limiter(failing(HostException.Reason.UNAVAILABLE, "compareAndSet"), STEPS,
				limit(1, Duration.ofSeconds(10)));
		block(this.limiter, CLIENT);
		block(this.limiter, client("192.0.2.3"));
		assertThat(this.limiter.isAway()).isTrue();
		pass(StateLink.PAUSE);
		assertThat(refusal(this.limiter).begins()).as("not handed over, and not lost").isFalse();
		assertThat(this.limiter.isAway()).isTrue();
		assertThat(this.state.keys()).doesNotContain("strikes:192.0.2.1", "strikes:192.0.2.3");
	}

	/** The block is stored, what follows is not. */
	@ParameterizedTest
	@EnumSource(HostException.Reason.class)
	void aBlockStandsWhateverFailsBehindIt(HostException.Reason reason) {
		this.limiter = new Limiter(failing(reason, "put"), STEPS, limit(1, Duration.ofSeconds(10)));
		assertThat(passes(this.limiter)).isTrue();
		assertThat(refusal(this.limiter))
			.isEqualTo(new Standing.Blocked("rate", "1 request in 10 s", 1, Duration.ofSeconds(10), true));
		assertThat(this.limiter.isAway())
			.isEqualTo(reason == HostException.Reason.UNAVAILABLE || reason == HostException.Reason.FAILED);
		assertThat(this.state.text("192.0.2.1")).contains("1 request in 10 s, block 1");
	}

	/** Neither the number of blocks nor a new one can be had from the gateway. */
	@ParameterizedTest
	@EnumSource(HostException.Reason.class)
	void aBlockThatTheGatewayDoesNotTakeBeginsHere(HostException.Reason reason) {
		this.limiter = new Limiter(failing(reason, "compareAndSet"), STEPS, limit(1, Duration.ofSeconds(10)));
		assertThat(passes(this.limiter)).isTrue();
		assertThat(refusal(this.limiter).begins()).isTrue();
		pass(Duration.ofSeconds(9));
		Standing.Blocked standing = refusal(this.limiter);
		assertThat(standing)
			.isEqualTo(new Standing.Blocked("rate", "1 request in 10 s", 1, Duration.ofSeconds(1), false));
		pass(Duration.ofSeconds(1));
		assertThat(passes(this.limiter)).isTrue();
		assertThat(refusal(this.limiter).strike()).as("it is remembered").isEqualTo(2);
	}

	private SharedState failing(HostException.Reason reason, String name) {
		return (SharedState) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { SharedState.class },
				(proxy, method, arguments) -> method.getName().equals(name)
						? CompletableFuture.failedFuture(new HostException(reason, "the test wants it so"))
						: method.invoke(this.state, arguments));
	}

	@Test
	void aClientForWhomThereIsNoRoomIsCountedHereAndTheOthersThere() {
		assertThat(passes(this.limiter)).isTrue();
		this.state.failure = HostException.Reason.QUOTA;
		for (int i = 0; i < 3; i++) {
			assertThat(this.limiter.judge(client("192.0.2.9"), false).toCompletableFuture().join())
				.isEqualTo(new Standing.Clear());
		}
		assertThat(this.limiter.judge(client("192.0.2.9"), false).toCompletableFuture().join())
			.isInstanceOf(Standing.Blocked.class);
		assertThat(this.limiter.isAway()).isFalse();
		this.state.failure = null;
		assertThat(passes(this.limiter)).isTrue();
		assertThat(passes(this.limiter)).isTrue();
		assertThat(passes(this.limiter)).isFalse();
	}

	private static void block(Limiter limiter, ClientKey client) {
		assertThat(limiter.judge(client, false).toCompletableFuture().join()).isEqualTo(new Standing.Clear());
		assertThat(limiter.judge(client, false).toCompletableFuture().join()).isInstanceOf(Standing.Blocked.class);
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

	private Standing dry() {
		return this.limiter.judge(CLIENT, true).toCompletableFuture().join();
	}

	private static boolean passes(Limiter limiter) {
		return limiter.judge(CLIENT, false).toCompletableFuture().join() instanceof Standing.Clear;
	}

	private static Standing.Blocked refusal(Limiter limiter) {
		return (Standing.Blocked) limiter.judge(CLIENT, false).toCompletableFuture().join();
	}

	private Limiter replica(int max) {
		return new Limiter(STEPS, limit(max, Duration.ofSeconds(10)));
	}

	private static Limit limit(int max, Duration window) {
		return new Limit(max, window, Limit.What.REQUEST);
	}

	private static ClientKey client(String address) {
		try {
			return ClientKey.of(InetAddress.getByName(address));
		}
		catch (UnknownHostException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private final class Limiter {

		private final StateLink link;

		private final SharedLedger ledger;

		private final Offence offence;

		Limiter(Steps steps, Limit... limits) {
			this(SharedLedgerTests.this.state, steps, limits);
		}

		Limiter(SharedState state, Steps steps, Limit... limits) {
			this.link = new StateLink(state, SharedLedgerTests.this.time::get);
			this.ledger = new SharedLedger(this.link, "", "rate",
					new OwnLedger(1000, SharedLedgerTests.this.time::get));
			this.offence = new Offence("rate", steps, "",
					new SlidingCounter(List.of(limits), 1000, SharedLedgerTests.this.time::get),
					new BucketCounter(state, "", List.of(limits)));
		}

		/** As a rule behind the one that asks for blocks. */
		CompletionStage<Standing> judge(ClientKey client, boolean dryRun) {
			return this.ledger.standing(client, dryRun)
				.thenCompose((standing) -> (standing instanceof Standing.Blocked)
						? CompletableFuture.completedFuture(standing)
						: this.ledger.count(this.offence, client, 0, dryRun));
		}

		boolean isAway() {
			return this.link.isAway();
		}

	}

}
