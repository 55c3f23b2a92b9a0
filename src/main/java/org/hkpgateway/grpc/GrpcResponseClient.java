package org.hkpgateway.grpc;

import java.time.Duration;
import java.util.function.LongSupplier;

import io.grpc.CallOptions;
import io.grpc.Channel;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.ResponseClient;
import org.hkpgateway.plugin.ResponseDecision;
import org.hkpgateway.plugin.ResponseEvent;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.UpstreamResponseDecision;
import org.hkpgateway.proto.UpstreamResponseEvent;
import reactor.core.publisher.Mono;

/**
 * Shows the keyserver's answers by one unary call each. Decisions come on the connector's
 * threads, which must not be blocked.
 */
final class GrpcResponseClient implements ResponseClient {

	/** The feature by which a plugin declares {@code HandleUpstreamResponse}. */
	static final String FEATURE = "response";

	private static final String METHOD = "HandleUpstreamResponse";

	private final PluginId plugin;

	private final Channel channel;

	private final LongSupplier maxMessageBytes;

	/**
	 * Makes a client.
	 * @param plugin who is asked
	 * @param channel connected
	 * @param maxMessageBytes largest message it accepts
	 */
	GrpcResponseClient(PluginId plugin, Channel channel, LongSupplier maxMessageBytes) {
		this.plugin = plugin;
		this.channel = channel;
		this.maxMessageBytes = maxMessageBytes;
	}

	@Override
	public Mono<ResponseDecision> review(ResponseEvent event, Duration budget) {
		return Mono.deferContextual((context) -> attempt(event, CallTerms.of(budget, context)))
			.onErrorMap(NotSent.class, NotSent::failure);
	}

	/**
	 * The same for a caller who could ask somebody else.
	 * @param event the answer
	 * @param terms deadline and trace of the call
	 * @return the decision, a {@link PluginFailure}, or {@link NotSent} if the plugin has
	 * certainly not seen the answer
	 */
	Mono<ResponseDecision> attempt(ResponseEvent event, CallTerms terms) {
		UpstreamResponseEvent message = ResponseConverter.toMessage(event, terms);
		int size = message.getSerializedSize();
		if (size > this.maxMessageBytes.getAsLong()) {
			return Mono.error(new PluginFailure.TooLarge(this.plugin,
					METHOD + ": expected: a message of at most " + this.maxMessageBytes.getAsLong() + " bytes, got: "
							+ size + " (the plugin can raise max_message_bytes)"));
		}
		return new UnaryCall<>(this.channel, HKPPluginGrpc.getHandleUpstreamResponseMethod(),
				CallOptions.DEFAULT.withDeadline(terms.deadline()), message)
			.onErrorMap(CallFailed.class, this::toFailure)
			.map(this::toDecision);
	}

	private RuntimeException toFailure(CallFailed failed) {
		if (failed.isUnimplemented()) {
			return new PluginFailure.ProtocolError(this.plugin,
					METHOD + ": expected: an answer, because the plugin declares the feature '" + FEATURE + "', got: "
							+ StatusTranslation.describe(failed.status())
							+ " (serve the method, or leave the feature out)");
		}
		return NotSent.unlessSent(StatusTranslation.toFailure(this.plugin, METHOD, failed.status()), failed);
	}

	private ResponseDecision toDecision(UpstreamResponseDecision answer) {
		try {
			return ResponseConverter.toDecision(answer);
		}
		catch (IllegalArgumentException ex) {
			throw new PluginFailure.ProtocolError(this.plugin, METHOD + ": invalid answer: " + ex.getMessage());
		}
	}

}
