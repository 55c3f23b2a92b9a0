package org.hkpgateway.grpc;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

import com.google.protobuf.MessageLite;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import org.hkpgateway.plugin.EmittedEvent;
import org.hkpgateway.plugin.EventClient;
import org.hkpgateway.plugin.PluginEvent;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.proto.Event;
import org.hkpgateway.proto.EventBatch;
import org.hkpgateway.proto.EventFilter;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

/**
 * Listens to what a plugin emits, and brings it events by the first of these that the
 * plugin knows, which is remembered: {@code PublishEvents}, {@code PublishEvent}; to one
 * that does not declare the feature, {@code HandleKeyChange}. Answers come on the
 * connector's threads, which must not be blocked.
 */
final class GrpcEventClient implements EventClient {

	private static final Logger logger = LoggerFactory.getLogger(GrpcEventClient.class);

	/** The feature by which a plugin declares {@code PublishEvents}. */
	static final String FEATURE = "events";

	/** Events have no budget: nobody waits for them. */
	static final Duration DEADLINE = Duration.ofSeconds(5);

	/** Of an event that a plugin emits: more than it may publish. */
	private static final int MAX_EVENT_BYTES = 128 * 1024;

	/** What happens seldom: requests are for those who ask for them. */
	static final Wish USUAL = new Wish(List.of("key.*", "config.changed", "plugin.state", "cluster.*"), Map.of());

	private static final Wish LEGACY = new Wish(List.of(EventMessages.KEY_CHANGED), Map.of());

	private final PluginId plugin;

	private final ManagedChannel channel;

	private final Wish wish;

	private final long maxMessageBytes;

	private volatile Method method;

	private volatile @Nullable EmittedEvents listening;

	private GrpcEventClient(PluginId plugin, ManagedChannel channel, Method method, Wish wish, long maxMessageBytes) {
		this.plugin = plugin;
		this.channel = channel;
		this.method = method;
		this.wish = wish;
		this.maxMessageBytes = maxMessageBytes;
	}

	/**
	 * Makes a client.
	 * @param plugin to whom
	 * @param channel connected
	 * @param declared whether it declares the feature
	 * @param filter what it wants; null if it did not say
	 * @param maxMessageBytes largest message it accepts
	 * @return a client
	 */
	static GrpcEventClient of(PluginId plugin, ManagedChannel channel, boolean declared, @Nullable EventFilter filter,
			long maxMessageBytes) {
		if (!declared) {
			return new GrpcEventClient(plugin, channel, Method.KEY_CHANGES, LEGACY, maxMessageBytes);
		}
		return new GrpcEventClient(plugin, channel, Method.BATCHES,
				(filter != null) ? new Wish(filter.getEventTypesList(), filter.getMetadataFiltersMap()) : USUAL,
				maxMessageBytes);
	}

	@Override
	public Wish wish() {
		return this.wish;
	}

	@Override
	public Mono<Receipt> deliver(List<? extends PluginEvent> events, long lost) {
		return Mono.defer(() -> switch (this.method) {
			case BATCHES -> batch(events, lost);
			case SINGLES -> singly(events, this::single);
			case KEY_CHANGES -> singly(events, this::keyChange);
			case NONE -> Mono.error(new NotTaken("it knows no method for events"));
		});
	}

	private Mono<Receipt> batch(List<? extends PluginEvent> events, long lost) {
		EventBatch batch = EventMessages.toBatch(events, lost);
		if (events.size() > 1 && batch.getSerializedSize() > this.maxMessageBytes) {
			return halves(events, lost);
		}
		return call(HKPPluginGrpc.getPublishEventsMethod(), batch, events.size(), (taken) -> Receipt.TAKEN, () -> {
			this.method = Method.SINGLES;
			return deliver(events, lost);
		});
	}

	private Mono<Receipt> halves(List<? extends PluginEvent> events, long lost) {
		int half = events.size() / 2;
		List<? extends PluginEvent> rest = events.subList(half, events.size());
		return batch(events.subList(0, half), lost).flatMap((first) -> {
			PluginFailure failure = first.failure();
			if (failure != null && isSilent(first)) {
				return Mono.just(first.and(Receipt.failed(rest.size(), failure)));
			}
			// Who took nothing was not told what was lost before.
			return batch(rest, (first.failed() < half) ? 0 : lost).map(first::and);
		});
	}

	/** Until it gives no answer: then it is not asked to take the others, either. */
	private Mono<Receipt> singly(List<? extends PluginEvent> events, Function<PluginEvent, Mono<Receipt>> one) {
		return Flux.fromIterable(events)
			.concatMap(one, 1)
			.takeUntil(GrpcEventClient::isSilent)
			.collectList()
			.map((all) -> {
				Receipt sum = all.stream().reduce(Receipt.TAKEN, Receipt::and);
				int left = events.size() - all.size();
				PluginFailure failure = sum.failure();
				return (left > 0 && failure != null) ? sum.and(Receipt.failed(left, failure)) : sum;
			});
	}

	private static boolean isSilent(Receipt receipt) {
		return receipt.failure() instanceof PluginFailure.Timeout
				|| receipt.failure() instanceof PluginFailure.Unavailable;
	}

	private Mono<Receipt> single(PluginEvent event) {
		return call(HKPPluginGrpc.getPublishEventMethod(), EventMessages.toMessage(event), 1, (taken) -> Receipt.TAKEN,
				() -> notTaken("it declares the feature '" + FEATURE
						+ "', but knows neither PublishEvents nor PublishEvent (serve one, or leave the feature out)"));
	}

	private Mono<Receipt> keyChange(PluginEvent event) {
		return EventMessages.toKeyChange(event)
			.map((change) -> call(HKPPluginGrpc.getHandleKeyChangeMethod(), change, 1, this::answered,
					() -> notTaken("it knows no method for events")))
			.orElse(Mono.just(Receipt.TAKEN));
	}

	/**
	 * Plugins of the earlier generation knew no rule for types: theirs gets the plugin's
	 * own prefix.
	 */
	private Receipt answered(Event answer) {
		String type = answer.getType();
		if (type.isEmpty()) {
			return Receipt.TAKEN;
		}
		String prefix = "plugin." + this.plugin + ".";
		Event own = type.startsWith(prefix) ? answer : answer.toBuilder().setType(prefix + type).build();
		return new Receipt(0, null, List.of(EventMessages.toEmitted(own)));
	}

	private Mono<Receipt> notTaken(String why) {
		this.method = Method.NONE;
		return Mono.error(new NotTaken(why));
	}

	private <Q extends MessageLite, A> Mono<Receipt> call(MethodDescriptor<Q, A> called, Q message, int events,
			Function<A, Receipt> onAnswer, Supplier<Mono<Receipt>> ifUnknown) {
		if (message.getSerializedSize() > this.maxMessageBytes) {
			return Mono.just(Receipt.failed(events,
					new PluginFailure.TooLarge(this.plugin,
							called.getBareMethodName() + ": expected: a message of at most " + this.maxMessageBytes
									+ " bytes, got: " + message.getSerializedSize() + "; raise max_message_bytes")));
		}
		return new UnaryCall<>(this.channel, called,
				options().withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS), message)
			.map(onAnswer)
			.onErrorResume(CallFailed.class,
					(failed) -> failed.isUnimplemented() ? ifUnknown.get()
							: Mono.just(Receipt.failed(events, StatusTranslation.toFailure(this.plugin,
									String.valueOf(called.getBareMethodName()), failed.status()))));
	}

	private static CallOptions options() {
		return CallOptions.DEFAULT.withMaxInboundMessageSize(MAX_EVENT_BYTES);
	}

	@Override
	public Flux<EmittedEvent> emitted() {
		return Flux.defer(() -> {
			ReopenPause pause = new ReopenPause();
			return Flux.<EmittedEvent>create((sink) -> open(sink, pause), FluxSink.OverflowStrategy.IGNORE)
				.retryWhen(Retry.from((ends) -> ends.concatMap((end) -> again(end.failure(), pause))))
				.onErrorResume(PluginFailure.class, (closed) -> Flux.empty());
		});
	}

	private void open(FluxSink<EmittedEvent> sink, ReopenPause pause) {
		pause.opened(System.nanoTime());
		EmittedEvents stream = new EmittedEvents(this.plugin, this.channel, options(), sink);
		this.listening = stream;
		stream.start();
	}

	private Mono<Long> again(Throwable end, ReopenPause pause) {
		if (!(end instanceof PluginFailure) || this.channel.isShutdown()) {
			return Mono.error(end);
		}
		long now = System.nanoTime();
		pause.broken(now);
		Duration left = pause.left(now);
		logger.debug("opened again in {} ms: {}", left.toMillis(), end.getMessage());
		return Mono.delay(left);
	}

	/**
	 * Ends the stream of emitted events, which is opened again while the connection may
	 * be used: left open it would hold the one that it goes by.
	 */
	void renew() {
		EmittedEvents current = this.listening;
		if (current != null) {
			current.cancel("its connection is to be left");
		}
	}

	private enum Method {

		BATCHES, SINGLES, KEY_CHANGES, NONE

	}

}
