package org.hkpgateway.events;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * One of several gateways in a process, without threads. What it sends is kept until
 * {@link #pass} or the test hands it on.
 */
final class TestReplica implements AutoCloseable, ClusterListener, ClusterTransport {

	final EventBus bus = new EventBus(Clock.systemUTC(), Schedulers.immediate(), EventListener.NONE);

	final ClusterEvents cluster = new ClusterEvents(this.bus, this, this.bus.scheduler());

	/** What it has sent and nobody has taken. */
	final List<byte[]> sent = new ArrayList<>();

	/** What its subscriber got. */
	final List<Event> seen = new ArrayList<>();

	final Map<String, Long> counts = new TreeMap<>();

	/** Ends each sending, if there is one. */
	Sinks.Empty<Void> hold;

	boolean fails;

	volatile boolean ready = true;

	TestReplica(String... types) {
		this.cluster.sendThrough(this);
		var unused = this.bus.events(EventFilter.ofTypes(types), 100_000)
			.subscribe((delivery) -> this.seen.add(delivery.event()));
	}

	void publish(String type, String data) {
		this.bus.publish(type, "gateway", true, Map.of("k", data), () -> "{\"n\":\"" + data + "\"}");
	}

	/** To all, itself too, as Redis does. */
	static void pass(TestReplica from, TestReplica... to) {
		List<byte[]> messages = List.copyOf(from.sent);
		from.sent.clear();
		for (TestReplica one : to) {
			messages.forEach(one.cluster::received);
		}
	}

	List<String> seen() {
		return this.seen.stream().map((event) -> event.type() + " " + event.data()).toList();
	}

	@Override
	public boolean isReady() {
		return this.ready;
	}

	@Override
	public Mono<Void> send(byte[] message) {
		return Mono.defer(() -> {
			if (this.fails) {
				return Mono.error(new IllegalStateException("away"));
			}
			this.sent.add(message);
			return (this.hold != null) ? this.hold.asMono() : Mono.empty();
		});
	}

	@Override
	public void sent(int events) {
		count("sent", events);
	}

	@Override
	public void received() {
		count("received", 1);
	}

	@Override
	public void missed(long events) {
		count("missed", events);
	}

	@Override
	public void dropped(Dropped why, int events) {
		count(why.label(), events);
	}

	private synchronized void count(String what, long number) {
		this.counts.merge(what, number, Long::sum);
	}

	synchronized long counted(String what) {
		return this.counts.getOrDefault(what, 0L);
	}

	@Override
	public void close() {
		this.cluster.close();
		this.bus.close();
	}

}
