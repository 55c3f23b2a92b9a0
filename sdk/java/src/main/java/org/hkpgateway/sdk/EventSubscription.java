package org.hkpgateway.sdk;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import org.hkpgateway.proto.PluginHostGrpc;
import org.hkpgateway.sdk.host.EventBatch;
import org.hkpgateway.sdk.host.EventFilter;
import org.hkpgateway.sdk.host.Events;
import org.hkpgateway.sdk.host.HostException;
import org.hkpgateway.sdk.host.Reader;
import org.hkpgateway.sdk.log.PluginLog;

import org.jspecify.annotations.Nullable;

/**
 * A subscription that opens its stream again when that breaks, after a pause that doubles
 * from 100 ms to 5 s and begins anew with each batch that comes.
 */
final class EventSubscription implements Events.Subscription {

	private static final PluginLog log = PluginLog.get("sdk");

	private static final Duration SHORTEST = Duration.ofMillis(100);

	private static final Duration LONGEST = Duration.ofSeconds(5);

	private final HostLink link;

	private final EventFilter filter;

	private final Reader<EventBatch> reader;

	private final CompletableFuture<Void> ended = new CompletableFuture<>();

	private final Object lock = new Object();

	private @Nullable HostStream<?, ?> stream;

	private boolean closed;

	private volatile Duration pause = SHORTEST;

	EventSubscription(HostLink link, EventFilter filter, Reader<EventBatch> reader) {
		this.link = link;
		this.filter = filter;
		this.reader = reader;
	}

	/** Begins a stream, unless it has been closed. Does not block. */
	void open() {
		HostStream<?, ?> opened;
		HostChannel channel;
		synchronized (this.lock) {
			if (this.closed) {
				return;
			}
			try {
				channel = this.link.channel(GrpcEvents.SUBSCRIBE);
			}
			catch (HostException ex) {
				this.ended.completeExceptionally(ex);
				return;
			}
			opened = HostStream.start(channel.endlessCall(PluginHostGrpc.getSubscribeEventsMethod()),
					EventMessages.message(this.filter), this::read, this.link.readers());
			this.stream = opened;
		}
		var unused = opened.end().whenComplete((number, failure) -> broken(channel, failure));
	}

	@Override
	public void close() {
		HostStream<?, ?> open;
		synchronized (this.lock) {
			this.closed = true;
			open = this.stream;
		}
		if (open != null) {
			open.cancel();
		}
		this.ended.complete(null);
	}

	@Override
	public CompletionStage<Void> ended() {
		return this.ended.minimalCompletionStage();
	}

	private void read(org.hkpgateway.proto.EventBatch message) throws Exception {
		this.pause = SHORTEST;
		if (!this.ended.isDone()) {
			this.reader.read(EventMessages.batch(message));
		}
	}

	private void broken(HostChannel channel, @Nullable Throwable failure) {
		if (this.ended.isDone()) {
			return;
		}
		if (failure != null && !canHeal(failure)) {
			this.ended.completeExceptionally(failure);
			return;
		}
		Duration wait = this.pause;
		this.pause = (wait.compareTo(LONGEST.dividedBy(2)) < 0) ? wait.multipliedBy(2) : LONGEST;
		if (this.pause.equals(LONGEST) && !wait.equals(LONGEST)) {
			// Once: the gateway may be away for long, or never take the token.
			log.warn("no events come; the stream is opened again every five seconds", "error", failure);
		}
		else {
			log.debug("the stream of events is opened again", "pause_ms", wait.toMillis(), "error", failure);
		}
		channel.later(wait, this::open);
	}

	private static boolean canHeal(Throwable failure) {
		return failure instanceof HostException host
				&& (host.reason() == HostException.Reason.UNAVAILABLE || host.reason() == HostException.Reason.FAILED);
	}

}
