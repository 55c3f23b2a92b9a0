package org.hkpgateway.conformance;

import java.util.List;
import java.util.Optional;

import org.hkpgateway.grpc.Probe;
import org.hkpgateway.grpc.ProbeOffer.Caller;
import org.hkpgateway.grpc.ProbeStream;

/**
 * What thousands of requests leave behind.
 */
final class LeakChecks {

	private static final List<Check> ALL = List.of(Check.LEAKS_DESCRIPTORS, Check.LEAKS_THREADS, Check.LEAKS_MEMORY);

	private static final int WARM_UP = 1000;

	private static final int REQUESTS = 3000;

	private static final int CONNECTIONS = 20;

	private static final int IN_FLIGHT = 32;

	/** Pools and caches may still grow a little. */
	private static final int MORE_DESCRIPTORS = 40;

	private static final int MORE_THREADS = 40;

	/** 8 KiB for each request: more than any collector would leave of them. */
	private static final long MORE_KIB = REQUESTS * 8L;

	/** In each of which memory has to grow so much before it counts. */
	private static final int ROUNDS = 3;

	private final Trial trial;

	private final Load load;

	LeakChecks(Trial trial, Load load) {
		this.trial = trial;
		this.load = load;
	}

	void run(Session session, Asker asker) throws SessionException, InterruptedException {
		if (!this.trial.wants(ALL)) {
			return;
		}
		work(session, asker, WARM_UP);
		Optional<Figures> before = Figures.of(session.process().pid());
		Optional<Figures> after = before;
		for (int round = 0; round < ROUNDS && before.isPresent(); round++) {
			Optional<Figures> last = after;
			work(session, asker, REQUESTS);
			after = settled(session, before);
			if (after.isEmpty() || last.isEmpty() || after.get().residentKiB() <= last.get().residentKiB() + MORE_KIB) {
				judge(before, after, false);
				return;
			}
			// A heap may still grow to its size: a leak grows on.
		}
		judge(before, after, true);
	}

	/** Requests, connections that come and go, and streams that are left open. */
	private void work(Session session, Asker asker, int requests) throws SessionException, InterruptedException {
		asker.askMany(requests, IN_FLIGHT, (i) -> this.load.next());
		for (int i = 0; i < CONNECTIONS; i++) {
			try (Probe other = session.as(Caller.GATEWAY)) {
				if (session.introduction().has("stream")) {
					try (ProbeStream stream = other.stream()) {
						stream.send(this.load.next(), session.spec().timeout());
						other.info(Limits.ANSWER);
					}
				}
				else {
					other.info(Limits.ANSWER);
				}
			}
		}
	}

	/** A plugin may take a moment to notice that connections have ended. */
	private static Optional<Figures> settled(Session session, Optional<Figures> before) throws InterruptedException {
		long deadline = Limits.deadline(Limits.HEALTH);
		Optional<Figures> now = Figures.of(session.process().pid());
		while (before.isPresent() && now.isPresent() && now.get().descriptors() > before.get().descriptors()
				&& System.nanoTime() - deadline < 0) {
			Thread.sleep(100);
			now = Figures.of(session.process().pid());
			if (now.isPresent() && now.get().descriptors() <= before.get().descriptors() + MORE_DESCRIPTORS) {
				break;
			}
		}
		return now;
	}

	private void judge(Optional<Figures> first, Optional<Figures> last, boolean growing) {
		if (first.isEmpty() || last.isEmpty()) {
			this.trial.skip(ALL, "this system does not tell what the process uses, or it has ended");
			return;
		}
		Figures before = first.get();
		Figures after = last.get();
		String requests = " after thousands of requests more";
		if (after.descriptors() > before.descriptors() + MORE_DESCRIPTORS) {
			this.trial.fail(Check.LEAKS_DESCRIPTORS, "about " + before.descriptors() + " open files",
					after.descriptors() + requests);
		}
		this.trial.pass(Check.LEAKS_DESCRIPTORS, after.descriptors() + " open files");
		if (after.threads() > before.threads() + MORE_THREADS) {
			this.trial.fail(Check.LEAKS_THREADS, "about " + before.threads() + " threads", after.threads() + requests);
		}
		this.trial.pass(Check.LEAKS_THREADS, after.threads() + " threads");
		if (growing) {
			this.trial.fail(Check.LEAKS_MEMORY, "about " + before.residentKiB() / 1024 + " MiB resident",
					after.residentKiB() / 1024 + " MiB" + requests + ", and growing");
		}
		this.trial.pass(Check.LEAKS_MEMORY, after.residentKiB() / 1024 + " MiB resident");
	}

}
