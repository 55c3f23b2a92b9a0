package org.hkpgateway.antiabuse.count;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;

import org.hkpgateway.antiabuse.FakeState;
import org.hkpgateway.sdk.host.HostException;
import org.hkpgateway.sdk.host.SharedState;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SearchCounter}, {@link SharedSearchCounter} and {@link Searches}: what
 * the table of cases cannot show.
 */
class SearchCounterTests {

	private static final Limit DIFFERENT = new Limit(3, Duration.ofMinutes(10), Limit.What.SEARCH);

	private static final Limit BROAD = new Limit(2, Duration.ofMinutes(10), Limit.What.BROAD_SEARCH);

	private final AtomicLong time = new AtomicLong(1);

	private final FakeState state = new FakeState(this.time);

	@Test
	void memoryIsBoundedUnderAFloodOfClients() {
		SearchCounter counter = new SearchCounter(DIFFERENT, BROAD, 100_000, this.time::get);
		for (int client = 0; client < 20_000; client++) {
			for (int term = 0; term < 3; term++) {
				assertThat(counter.count(client(client), 2 * (term + 1), false)).as("a new client starts at zero")
					.isNull();
			}
		}
		counter.cleanUp();
		assertThat(counter.clients()).isLessThan(1000);
	}

	@Test
	void aDryRunStoresNothing() {
		SearchCounter counter = new SearchCounter(DIFFERENT, BROAD, 100_000, this.time::get);
		for (int term = 0; term < 20; term++) {
			assertThat(counter.count(client(1), 2 * term, true)).isNull();
		}
		assertThat(counter.clients()).isZero();
	}

	/** Each time another replica's search comes in between. */
	@ParameterizedTest
	@ValueSource(ints = { 1, 4, SharedSearchCounter.ATTEMPTS - 1 })
	void aSearchIsCountedHoweverOftenOthersAreFirst(int interruptions) {
		AtomicInteger left = new AtomicInteger(interruptions);
		SharedSearchCounter counter = counter(interrupted(left), 1000);
		assertThat(counter.count("c", 4711 * 2, false).toCompletableFuture().join()).isNull();
		assertThat(stored().contains(4711 * 2)).isTrue();
		assertThat(stored().size()).isEqualTo(interruptions + 1);
	}

	@Test
	void aSearchThatCannotBeStoredOverwritesNoneAndIsLeftToOthers() {
		SharedSearchCounter counter = counter(interrupted(new AtomicInteger(100)), 1000);
		assertThat(counter.count("c", 4711 * 2, false)).failsWithin(Duration.ZERO)
			.withThrowableOfType(ExecutionException.class)
			.havingCause()
			.isInstanceOfSatisfying(HostException.class,
					(ex) -> assertThat(ex.reason()).isEqualTo(HostException.Reason.QUOTA));
		assertThat(stored().size()).as("those of others").isEqualTo(SharedSearchCounter.ATTEMPTS);
		counter = counter(this.state, 1000);
		assertThat(counter.count("c", 4711 * 2, false)).isCompletedWithValue(null);
	}

	/** All are in flight before the first answer comes. */
	@Test
	void searchesThatComeAtOnceAreAllCounted() {
		Queue<Runnable> calls = new ArrayDeque<>();
		SharedSearchCounter counter = counter(later(calls), 60);
		List<CompletableFuture<@Nullable Excess>> results = new ArrayList<>();
		for (int term = 1; term <= 80; term++) {
			results.add(counter.count("c", 2L * term, false).toCompletableFuture());
		}
		int answered = 0;
		for (Runnable call = calls.poll(); call != null; call = calls.poll()) {
			call.run();
			answered++;
		}
		assertThat(results).allSatisfy((result) -> assertThat(result).isCompleted());
		assertThat(results).filteredOn((result) -> result.join() == null).hasSize(60);
		assertThat(stored().size()).isEqualTo(60);
		assertThat(answered).as("calls of the gateway").isLessThanOrEqualTo(4);
	}

	@Test
	void noMoreSearchesOfAClientWaitThanTheBound() {
		Queue<Runnable> calls = new ArrayDeque<>();
		SharedSearchCounter counter = counter(later(calls), 1000);
		for (int term = 0; term <= SharedSearchCounter.MOST_WAITING; term++) {
			assertThat(counter.count("c", 2L * term, false)).isNotCompleted();
		}
		assertThat(counter.count("c", 1_000_000, false)).isCompletedExceptionally();
		assertThat(counter.count("d", 1_000_000, false)).as("of another client").isNotCompleted();
		for (Runnable call = calls.poll(); call != null; call = calls.poll()) {
			call.run();
		}
		assertThat(stored().size()).isEqualTo(SharedSearchCounter.MOST_WAITING + 1);
		assertThat(counter.count("c", 1_000_000, false)).as("the next one").isNotCompleted();
	}

	@Test
	void aFailureIsThatOfAllThatWaitAndOfNoneThatFollow() {
		Queue<Runnable> calls = new ArrayDeque<>();
		SharedSearchCounter counter = counter(later(calls), 1000);
		CompletionStage<@Nullable Excess> first = counter.count("c", 2, false);
		CompletionStage<@Nullable Excess> second = counter.count("c", 4, false);
		this.state.failure = HostException.Reason.UNAVAILABLE;
		calls.remove().run();
		assertThat(first).isCompletedExceptionally();
		this.state.failure = null;
		for (Runnable call = calls.poll(); call != null; call = calls.poll()) {
			call.run();
		}
		assertThat(second).isCompletedWithValue(null);
		assertThat(stored().size()).isEqualTo(1);
	}

	@Test
	void threadsTogetherAreAllCounted() throws Exception {
		ExecutorService threads = Executors.newFixedThreadPool(8);
		try {
			Object lock = new Object();
			SharedSearchCounter counter = counter(
					state((call) -> CompletableFuture.completedStage(call).thenComposeAsync((made) -> {
						synchronized (lock) {
							return made.get();
						}
					}, threads)), 1000);
			List<Callable<CompletionStage<@Nullable Excess>>> tasks = new ArrayList<>();
			for (int term = 1; term <= 200; term++) {
				long what = 2L * term;
				tasks.add(() -> counter.count("c", what, false));
			}
			for (Future<CompletionStage<@Nullable Excess>> result : threads.invokeAll(tasks)) {
				assertThat(result.get().toCompletableFuture().get(30, TimeUnit.SECONDS)).isNull();
			}
			assertThat(stored().size()).isEqualTo(200);
		}
		finally {
			threads.shutdownNow();
		}
	}

	private SharedSearchCounter counter(SharedState state, int most) {
		Limit many = new Limit(most, Duration.ofMinutes(10), Limit.What.SEARCH);
		return new SharedSearchCounter(state, "harvest:", many, BROAD);
	}

	private Searches stored() {
		return Searches.of(this.state.text("harvest:c").orElseThrow().getBytes(StandardCharsets.US_ASCII));
	}

	/** Another replica adds a search before each of the first compare-and-sets. */
	private SharedState interrupted(AtomicInteger left) {
		return (SharedState) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { SharedState.class },
				(proxy, method, arguments) -> {
					if (method.getName().equals("compareAndSet") && left.getAndDecrement() > 0) {
						Searches others = this.state.text("harvest:c").isPresent() ? stored() : Searches.NONE;
						var unused = this.state.put((String) arguments[0],
								others.with(2L * (1000 + left.get())).toBytes(), Duration.ofMinutes(1));
					}
					return method.invoke(this.state, arguments);
				});
	}

	private SharedState later(Queue<Runnable> calls) {
		return state((call) -> {
			CompletableFuture<Object> answer = new CompletableFuture<>();
			calls.add(() -> call.get().whenComplete((result, failure) -> {
				if (failure != null) {
					answer.completeExceptionally(failure);
				}
				else {
					answer.complete(result);
				}
			}));
			return answer;
		});
	}

	private SharedState state(Function<Supplier<CompletionStage<Object>>, CompletionStage<Object>> made) {
		return (SharedState) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { SharedState.class },
				(proxy, method, arguments) -> made.apply(() -> call(method, arguments)));
	}

	@SuppressWarnings("unchecked")
	private CompletionStage<Object> call(Method method, Object[] arguments) {
		try {
			return (CompletionStage<Object>) method.invoke(this.state, arguments);
		}
		catch (ReflectiveOperationException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void whatIsStoredCanBeRead() {
		Searches searches = Searches.NONE.with(2).with(5).with(Long.MIN_VALUE);
		Searches read = Searches.of(searches.toBytes());
		assertThat(read.size()).isEqualTo(3);
		assertThat(read.contains(2)).isTrue();
		assertThat(read.contains(5)).isTrue();
		assertThat(read.contains(Long.MIN_VALUE)).isTrue();
		assertThat(Searches.of("anything else".getBytes(StandardCharsets.US_ASCII)).size()).isZero();
		assertThat(read.excess(DIFFERENT, BROAD)).isNull();
	}

	private static ClientKey client(int number) {
		return new ClientKey(((long) number) << 32, true);
	}

}
