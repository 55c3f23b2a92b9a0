package org.hkpgateway.grpc;

import java.time.Duration;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import org.hkpgateway.plugin.Decision;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.RequestEvent;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.HandleResponse;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Asks for decisions by one unary call each. Decisions come on the connector's threads,
 * which must not be blocked.
 */
final class GrpcPluginClient implements EndpointClient {

	private static final MethodDescriptor<EncodedEvent, HandleResponse> CURRENT = EncodedEvent
		.sentBy(HKPPluginGrpc.getHandleRequestMethod());

	private static final MethodDescriptor<EncodedEvent, HandleResponse> LEGACY = EncodedEvent
		.sentBy(HKPPluginGrpc.getHandleHTTPRequestMethod());

	private final PluginId plugin;

	private final Channel channel;

	private final EventConverter events;

	private final GrpcKeyProvider keys;

	private volatile long maxMessageBytes;

	/** Set when the plugin declares that it wants to see answers. */
	private volatile @Nullable GrpcResponseClient responses;

	/** Set when the plugin declares that it can be asked without consequences. */
	private volatile boolean dryRuns;

	/** Set once the plugin was found to know only the older name. */
	private volatile boolean legacy;

	GrpcPluginClient(PluginId plugin, Channel channel, EventConverter events, long maxMessageBytes) {
		this.plugin = plugin;
		this.channel = channel;
		this.events = events;
		this.keys = new GrpcKeyProvider(plugin, channel);
		this.maxMessageBytes = maxMessageBytes;
	}

	/**
	 * Sets the limit that the plugin declared.
	 * @param maxMessageBytes largest message it accepts
	 */
	void limitMessages(long maxMessageBytes) {
		this.maxMessageBytes = maxMessageBytes;
	}

	/** It declared the feature. */
	void allowDryRuns() {
		this.dryRuns = true;
	}

	@Override
	public boolean declaresDryRun() {
		return this.dryRuns;
	}

	/** Shows it the keyserver's answers from now on. */
	void showResponses() {
		this.responses = new GrpcResponseClient(this.plugin, this.channel, () -> this.maxMessageBytes);
	}

	@Override
	public @Nullable GrpcResponseClient responses() {
		return this.responses;
	}

	@Override
	public @Nullable GrpcKeyProvider keys() {
		return this.keys.isUnknown() ? null : this.keys;
	}

	@Override
	public Mono<Decision> decide(RequestEvent event, Duration budget) {
		return Mono.deferContextual((context) -> attempt(event, CallTerms.of(budget, context)))
			.onErrorMap(NotSent.class, NotSent::failure);
	}

	@Override
	public Mono<Decision> attempt(RequestEvent event, CallTerms terms) {
		return (this.legacy ? callLegacy(event, terms) : callCurrent(event, terms)).map(this::toDecision);
	}

	private Mono<HandleResponse> callCurrent(RequestEvent event, CallTerms terms) {
		return call(CURRENT, event, terms).onErrorResume(CallFailed.class, (failed) -> {
			if (!failed.isUnimplemented()) {
				return Mono.error(toFailure(CURRENT, failed));
			}
			// Only an answer proves that the plugin is of the older kind: a newer one
			// may have a bug that ends one request so.
			return callLegacy(event, terms).doOnNext((answer) -> this.legacy = true);
		});
	}

	private Mono<HandleResponse> callLegacy(RequestEvent event, CallTerms terms) {
		return call(LEGACY, event, terms).onErrorMap(CallFailed.class, (failed) -> toFailure(LEGACY, failed));
	}

	private Mono<HandleResponse> call(MethodDescriptor<EncodedEvent, HandleResponse> method, RequestEvent event,
			CallTerms terms) {
		EncodedEvent message = this.events.encode(event, event.id(), terms.millisLeft(), terms.traceparent());
		int size = message.size();
		if (size > this.maxMessageBytes) {
			return Mono.error(new PluginFailure.TooLarge(this.plugin,
					"request " + event.id() + ": expected: a message of at most " + this.maxMessageBytes
							+ " bytes, got: " + size + " (the plugin can raise max_message_bytes)"));
		}
		CallOptions options = CallOptions.DEFAULT.withDeadline(terms.deadline());
		if (size > PluginSpec.DEFAULT_MAX_MESSAGE_BYTES) {
			// It may send the body back, cleaned.
			options = options.withMaxInboundMessageSize((int) Math.min(this.maxMessageBytes, Integer.MAX_VALUE));
		}
		return new UnaryCall<>(this.channel, method, options, message);
	}

	/**
	 * Whether a message is small enough for the plugin.
	 * @param message the message
	 * @return false if {@link #decide} would refuse its event
	 */
	boolean accepts(EncodedEvent message) {
		return message.size() <= this.maxMessageBytes;
	}

	/**
	 * Reads an answer.
	 * @param answer the answer
	 * @return the decision
	 * @throws PluginFailure.ProtocolError if it breaks the protocol
	 */
	Decision toDecision(HandleResponse answer) {
		try {
			return DecisionConverter.toDecision(answer);
		}
		catch (IllegalArgumentException ex) {
			throw new PluginFailure.ProtocolError(this.plugin, "invalid answer: " + ex.getMessage());
		}
	}

	private RuntimeException toFailure(MethodDescriptor<?, ?> method, CallFailed failed) {
		PluginFailure failure = StatusTranslation.toFailure(this.plugin, String.valueOf(method.getBareMethodName()),
				failed.status());
		return NotSent.unlessSent(failure, failed);
	}

}
