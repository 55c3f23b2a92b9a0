package org.hkpgateway.conformance;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;

import org.hkpgateway.grpc.Probe;
import org.hkpgateway.grpc.ProbeAnswer;
import org.hkpgateway.grpc.ProbeReply;
import org.hkpgateway.plugin.RequestEvent;

/**
 * Asks for decisions by single calls, some at a time, by the name that the plugin knows.
 */
final class Asker {

	private static final int AT_ONCE = 8;

	/** So many answers may be missing before no more are waited for. */
	private static final int MOST_MISSING = 8;

	private final Probe probe;

	private final boolean older;

	private Asker(Probe probe, boolean older) {
		this.probe = probe;
		this.older = older;
	}

	/** Finds out by which name, as the gateway does. */
	static Asker of(Session session, RequestEvent first) {
		ProbeReply<ProbeAnswer> reply = session.probe().ask(first, Limits.ANSWER).join();
		boolean older = reply.is("UNIMPLEMENTED") && session.probe().askByOlderName(first, Limits.ANSWER).join().isOk();
		return new Asker(session.probe(), older);
	}

	/** Whether it is known by the older name only. */
	boolean older() {
		return this.older;
	}

	/** See {@link Probe#ask}. */
	CompletableFuture<ProbeReply<ProbeAnswer>> ask(RequestEvent event, Duration timeout) {
		return this.older ? this.probe.askByOlderName(event, timeout) : this.probe.ask(event, timeout);
	}

	/**
	 * Asks all of them, a few at a time.
	 * @return by name; those are missing that were not asked because too many before had
	 * no answer
	 */
	Map<String, ProbeReply<ProbeAnswer>> askAll(List<CorpusItem> items) {
		Map<String, ProbeReply<ProbeAnswer>> replies = new LinkedHashMap<>();
		long missing = 0;
		for (int from = 0; from < items.size() && missing < MOST_MISSING; from += AT_ONCE) {
			List<CorpusItem> some = items.subList(from, Math.min(items.size(), from + AT_ONCE));
			Map<String, CompletableFuture<ProbeReply<ProbeAnswer>>> calls = new LinkedHashMap<>();
			some.forEach((item) -> calls.put(item.name(), ask(item.event(), Limits.ANSWER)));
			calls.forEach((name, call) -> replies.put(name, call.join()));
			missing = replies.values().stream().filter((reply) -> reply.is("DEADLINE_EXCEEDED")).count();
		}
		return replies;
	}

	/**
	 * Asks many, with so many in flight. Ends early when more than a few fail.
	 * @param count how many
	 * @param inFlight how many at a time
	 * @param events makes them
	 * @return as many replies as were asked for, or those until then
	 */
	List<ProbeReply<ProbeAnswer>> askMany(int count, int inFlight, IntFunction<RequestEvent> events) {
		return askMany(count, inFlight, events, () -> {
		});
	}

	/**
	 * The same, with something to do each time that so many are in flight.
	 */
	List<ProbeReply<ProbeAnswer>> askMany(int count, int inFlight, IntFunction<RequestEvent> events,
			Runnable meanwhile) {
		List<ProbeReply<ProbeAnswer>> replies = new ArrayList<>(count);
		long failed = 0;
		for (int from = 0; from < count && failed < MOST_MISSING; from += inFlight) {
			List<CompletableFuture<ProbeReply<ProbeAnswer>>> calls = new ArrayList<>(inFlight);
			for (int i = from; i < Math.min(count, from + inFlight); i++) {
				calls.add(ask(events.apply(i), Limits.ANSWER));
			}
			meanwhile.run();
			for (CompletableFuture<ProbeReply<ProbeAnswer>> call : calls) {
				ProbeReply<ProbeAnswer> reply = call.join();
				replies.add(reply);
				failed += reply.isOk() ? 0 : 1;
			}
		}
		return replies;
	}

}
