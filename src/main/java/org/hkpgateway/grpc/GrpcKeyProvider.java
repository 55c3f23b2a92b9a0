package org.hkpgateway.grpc;

import java.time.Duration;
import java.util.Optional;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import org.hkpgateway.plugin.KeyPage;
import org.hkpgateway.plugin.KeyProvider;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.StorageResponse;
import reactor.core.publisher.Mono;

/**
 * Asks for keys by one unary call for each page. Pages come on the connector's threads,
 * which must not be blocked.
 */
final class GrpcKeyProvider implements KeyProvider {

	private static final String METHOD = "QueryStorage";

	private static final Metadata.Key<String> TRACEPARENT = Metadata.Key.of("traceparent",
			Metadata.ASCII_STRING_MARSHALLER);

	private final PluginId plugin;

	private final Channel channel;

	/** Set once the plugin was found not to know the method. */
	private volatile boolean unknown;

	/**
	 * Makes a client.
	 * @param plugin who is asked
	 * @param channel connected
	 */
	GrpcKeyProvider(PluginId plugin, Channel channel) {
		this.plugin = plugin;
		this.channel = channel;
	}

	/** Whether there is no use in asking. */
	boolean isUnknown() {
		return this.unknown;
	}

	@Override
	public Mono<Optional<KeyPage>> provide(Question question, Duration budget) {
		return Mono.deferContextual((context) -> attempt(question, CallTerms.of(budget, context)))
			.onErrorMap(NotSent.class, NotSent::failure);
	}

	/**
	 * The same for a caller who could ask somebody else.
	 * @param question what is asked
	 * @param terms deadline and trace of the call
	 * @return as {@link #provide}, or {@link NotSent} if the plugin has certainly not
	 * seen the question
	 */
	Mono<Optional<KeyPage>> attempt(Question question, CallTerms terms) {
		return new UnaryCall<>(traced(terms.traceparent()), HKPPluginGrpc.getQueryStorageMethod(),
				CallOptions.DEFAULT.withDeadline(terms.deadline()), KeyConverter.toMessage(question))
			.onErrorMap(CallFailed.class, this::toFailure)
			.map((answer) -> toPage(question, answer));
	}

	/** The message has no place for it. */
	private Channel traced(String traceparent) {
		if (traceparent.isEmpty()) {
			return this.channel;
		}
		Metadata headers = new Metadata();
		headers.put(TRACEPARENT, traceparent);
		return ClientInterceptors.intercept(this.channel, MetadataUtils.newAttachHeadersInterceptor(headers));
	}

	private RuntimeException toFailure(CallFailed failed) {
		if (failed.isUnimplemented()) {
			this.unknown = true;
			return new PluginFailure.ProtocolError(this.plugin,
					METHOD + ": expected: an answer, because the plugin was granted storage.provide, got: "
							+ StatusTranslation.describe(failed.status()) + " (this process is not asked again)");
		}
		return NotSent.unlessSent(StatusTranslation.toFailure(this.plugin, METHOD, failed.status()), failed);
	}

	private Optional<KeyPage> toPage(Question question, StorageResponse answer) {
		try {
			return KeyConverter.toPage(question, answer);
		}
		catch (IllegalArgumentException ex) {
			throw new PluginFailure.ProtocolError(this.plugin, METHOD + ": invalid answer: " + ex.getMessage());
		}
	}

}
