package org.hkpgateway.conformance;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

import org.hkpgateway.grpc.ProbeAnswer;
import org.hkpgateway.grpc.ProbeReply;

/**
 * Deadlines, cancelled calls, and many at a time.
 */
final class LoadChecks {

	private static final int LIGHT = 100;

	private static final int IN_FLIGHT = 64;

	private static final int CONCURRENT = 512;

	private static final int ABANDONED = 128;

	/** In nanoseconds, as is the other: before a call is cancelled. */
	private static final long FIRST_PAUSE = 20_000;

	private static final long LONGEST_PAUSE = 10_000_000;

	/** So many of a hundred answers may be late on a machine that is busy with others. */
	private static final int FORGIVEN = 5;

	private final Trial trial;

	private final Load load;

	LoadChecks(Trial trial, Load load) {
		this.trial = trial;
		this.load = load;
	}

	/** One after the other. */
	void deadline(Session session, Asker asker) throws InterruptedException {
		if (!this.trial.wants(Check.DEADLINE_KEPT)) {
			return;
		}
		Duration timeout = session.spec().timeout();
		List<Long> nanos = new ArrayList<>();
		for (int i = 0; i < LIGHT && late(nanos, timeout) <= FORGIVEN; i++) {
			ProbeReply<ProbeAnswer> reply = asker.ask(this.load.next(), Limits.ANSWER).join();
			if (!reply.isOk() && !reply.is("DEADLINE_EXCEEDED")) {
				this.trial.fail(Check.DEADLINE_KEPT, "an answer", reply.detail());
				return;
			}
			nanos.add(reply.nanos());
		}
		String ended = session.ended();
		if (ended != null) {
			this.trial.fail(Check.DEADLINE_KEPT, "an answer", ended);
		}
		times(this.trial, nanos, timeout);
	}

	private static int late(List<Long> nanos, Duration timeout) {
		return (int) nanos.stream().filter((each) -> each > timeout.toNanos()).count();
	}

	/** What to say of answers that took so long. */
	static void times(Trial trial, List<Long> nanos, Duration timeout) {
		int late = late(nanos, timeout);
		nanos.sort(null);
		String figures = "median " + millis(nanos.get(nanos.size() / 2)) + ", slowest "
				+ millis(nanos.get(nanos.size() - 1));
		String expected = "each answer within " + timeout.toMillis() + " ms";
		if (late > FORGIVEN) {
			trial.fail(Check.DEADLINE_KEPT, expected, late + " of " + nanos.size() + " were late, " + figures);
		}
		else if (late > 0) {
			trial.warn(Check.DEADLINE_KEPT, expected, late + " of " + nanos.size() + " were late, " + figures);
		}
		trial.pass(Check.DEADLINE_KEPT, figures);
	}

	private static String millis(long nanos) {
		return String.format(Locale.ROOT, "%.1f ms", nanos / 1e6);
	}

	/** Calls that end before they are answered, and then ordinary ones. */
	void abandoned(Session session, Asker asker) throws InterruptedException {
		if (this.trial.wants(Check.DEADLINE_PASSED)) {
			List<CompletableFuture<ProbeReply<ProbeAnswer>>> calls = new ArrayList<>();
			for (int i = 0; i < ABANDONED; i++) {
				// A machine that is busy needs some of them to get one across at all.
				calls.add(asker.ask(this.load.next(), Duration.ofMillis(1 + i / 4)));
			}
			calls.forEach(CompletableFuture::join);
			afterwards(Check.DEADLINE_PASSED, session, asker);
		}
		if (this.trial.wants(Check.CANCEL_UNARY)) {
			// What is cancelled at once is never sent, and what is answered cannot be
			// cancelled. How long lies between depends on the machine and the plugin.
			long pause = 0;
			for (int i = 0; i < ABANDONED; i++) {
				CompletableFuture<ProbeReply<ProbeAnswer>> call = asker.ask(this.load.next(), Limits.ANSWER);
				LockSupport.parkNanos(pause);
				pause = call.cancel(false) ? Math.min(LONGEST_PAUSE, pause + pause / 4 + FIRST_PAUSE) : pause / 2;
			}
			afterwards(Check.CANCEL_UNARY, session, asker);
		}
	}

	private void afterwards(Check check, Session session, Asker asker) throws InterruptedException {
		ProbeReply<String> health = session.probe().health(Limits.HEALTH);
		List<String> problems = problems(asker.askMany(IN_FLIGHT, 8, (i) -> this.load.next()));
		if (!healthy(health)) {
			problems.add("HealthCheck: " + health.detail());
		}
		addEnd(session, problems);
		this.trial.judge(check, "answers to the calls that come afterwards", problems);
	}

	private static void addEnd(Session session, List<String> problems) throws InterruptedException {
		String ended = session.ended();
		if (ended != null) {
			problems.add(ended);
		}
	}

	/** Many at a time, and the question after its health behind each batch of them. */
	void concurrency(Session session, Asker asker) throws InterruptedException {
		if (!this.trial.wants(Check.CONCURRENCY, Check.HEALTH_LOAD)) {
			return;
		}
		List<ProbeReply<String>> health = new ArrayList<>();
		long start = System.nanoTime();
		List<ProbeReply<ProbeAnswer>> replies = asker.askMany(CONCURRENT, IN_FLIGHT, (i) -> this.load.next(), () -> {
			// One that is silent would be waited for each time.
			if (health.stream().allMatch(LoadChecks::healthy)) {
				health.add(session.probe().health(Limits.HEALTH));
			}
		});
		double seconds = (System.nanoTime() - start) / 1e9;
		List<String> problems = problems(replies);
		addEnd(session, problems);
		if (problems.isEmpty()) {
			this.trial.pass(Check.CONCURRENCY,
					String.format(Locale.ROOT, "%d calls, %.0f a second", replies.size(), replies.size() / seconds));
		}
		this.trial.judge(Check.CONCURRENCY, "an answer to each call", problems);
		this.trial.judge(Check.HEALTH_LOAD, "an answer within " + Limits.HEALTH.toSeconds() + " s",
				health.stream().filter((reply) -> !healthy(reply)).map(ProbeReply::detail).toList());
	}

	private static boolean healthy(ProbeReply<String> reply) {
		return reply.isOk() || reply.is("UNIMPLEMENTED");
	}

	/** What is wrong with replies of which each should be a valid answer. */
	static List<String> problems(List<ProbeReply<ProbeAnswer>> replies) {
		List<String> problems = new ArrayList<>();
		for (ProbeReply<ProbeAnswer> reply : replies) {
			if (!reply.isOk()) {
				problems.add(reply.detail());
			}
			else if (reply.answer().violation() != null) {
				problems.add(String.valueOf(reply.answer().violation()));
			}
		}
		return problems;
	}

}
