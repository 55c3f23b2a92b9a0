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

	private static final int WARM_UP = 2000;

	private static final int REQUESTS = 4000;

	private static final int CONNECTIONS = 20;

	private static final int IN_FLIGHT = 32;

	/** Pools and caches may still grow a little. */
	private static final int MORE_DESCRIPTORS = 40;

	private static final int MORE_THREADS = 40;

	/** 16 KiB for each request: more than any collector would leave of them. */
	private static final long MORE_KIB = REQUESTS * 16L;

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
		long pid = session.process().pid();
		work(session, asker, WARM_UP);
		Optional<Figures> before = Figures.of(pid);
		work(session, asker, REQUESTS);
		Optional<Figures> after = settled(session, before);
		if (before.isEmpty() || after.isEmpty()) {
			this.trial.skip(ALL, "this system does not tell what a process uses");
			return;
		}
		judge(before.get(), after.get());
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

	private void judge(Figures before, Figures after) {
		String requests = " after " + REQUESTS + " more requests";
		if (after.descriptors() > before.descriptors() + MORE_DESCRIPTORS) {
			this.trial.fail(Check.LEAKS_DESCRIPTORS, "about " + before.descriptors() + " open files",
					after.descriptors() + requests);
		}
		this.trial.pass(Check.LEAKS_DESCRIPTORS, after.descriptors() + " open files");
		if (after.threads() > before.threads() + MORE_THREADS) {
			this.trial.fail(Check.LEAKS_THREADS, "about " + before.threads() + " threads", after.threads() + requests);
		}
		this.trial.pass(Check.LEAKS_THREADS, after.threads() + " threads");
		if (after.residentKiB() > before.residentKiB() + MORE_KIB) {
			this.trial.fail(Check.LEAKS_MEMORY, "about " + before.residentKiB() / 1024 + " MiB resident",
					after.residentKiB() / 1024 + " MiB" + requests);
		}
		this.trial.pass(Check.LEAKS_MEMORY, after.residentKiB() / 1024 + " MiB resident");
	}

}
