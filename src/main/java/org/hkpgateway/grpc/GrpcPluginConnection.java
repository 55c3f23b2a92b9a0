package org.hkpgateway.grpc;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.PluginClient;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginIntroduction;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.HealthStatus;
import org.hkpgateway.proto.ShutdownRequest;
import org.hkpgateway.proto.ShutdownResponse;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection over one channel. The blocking calls may be interrupted: they then fail as
 * if the connection had broken, with the thread's interrupt flag set.
 */
final class GrpcPluginConnection implements PluginConnection {

	private static final Logger logger = LoggerFactory.getLogger(GrpcPluginConnection.class);

	/** The feature by which a plugin declares {@code HandleRequests}. */
	private static final String STREAM = "stream";

	private static final int MAX_TEXT_BYTES = 1024;

	private final PluginSpec spec;

	private final ManagedChannel channel;

	private final Introduction introduction;

	private final EventConverter events;

	private final GrpcPluginClient client;

	/** Set when the plugin declares that it speaks the stream. */
	private volatile @Nullable StreamingPluginClient streaming;

	GrpcPluginConnection(PluginSpec spec, ManagedChannel channel, Gateway gateway, EventConverter events) {
		this.spec = spec;
		this.channel = channel;
		this.events = events;
		this.introduction = new Introduction(spec, gateway);
		this.client = new GrpcPluginClient(spec.id(), channel, events, spec.maxMessageBytes());
	}

	@Override
	public PluginIntroduction initialize(String instanceId, Duration timeout) {
		Introduction.Result result = this.introduction.perform(stub(timeout), instanceId, timeout);
		if (result.maxMessageBytes() > 0) {
			this.client.limitMessages(result.maxMessageBytes());
		}
		if (this.streaming == null && result.plugin().features().contains(STREAM)) {
			this.streaming = StreamingPluginClient.open(this.spec.id(), this.channel, this.events, this.client);
		}
		return result.plugin();
	}

	@Override
	public HealthReport checkHealth(Duration timeout) {
		try {
			HealthStatus answer = stub(timeout).healthCheck(Empty.getDefaultInstance());
			return new HealthReport(toStatus(answer.getStatus()),
					BoundedText.oneLine(answer.getMessage(), MAX_TEXT_BYTES), answer.getDetailsMap());
		}
		catch (StatusRuntimeException ex) {
			if (ex.getStatus().getCode() == Status.Code.UNIMPLEMENTED) {
				return new HealthReport(HealthReport.Status.UNKNOWN, "does not implement HealthCheck", Map.of());
			}
			throw StatusTranslation.toFailure(this.spec.id(), "HealthCheck", ex.getStatus());
		}
	}

	@Override
	public void shutdown(String reason, Duration grace) {
		StreamingPluginClient current = this.streaming;
		if (current != null) {
			// A stream left open would keep a server from ending in the orderly way.
			current.halfClose();
		}
		ShutdownRequest request = ShutdownRequest.newBuilder()
			.setReason(reason)
			.setTimeoutSeconds((int) Math.min(Integer.MAX_VALUE, Math.max(1, grace.toSeconds())))
			.build();
		try {
			ShutdownResponse answer = stub(grace).shutdown(request);
			if (!answer.getSuccess()) {
				logger.warn("Plugin {} reports a failed shutdown: {}", this.spec.id(),
						BoundedText.oneLine(answer.getError(), MAX_TEXT_BYTES));
			}
		}
		catch (StatusRuntimeException ex) {
			PluginFailure failure = StatusTranslation.toFailure(this.spec.id(), "Shutdown", ex.getStatus());
			boolean exitedFirst = failure instanceof PluginFailure.Unavailable
					&& !Thread.currentThread().isInterrupted();
			if (!exitedFirst && ex.getStatus().getCode() != Status.Code.UNIMPLEMENTED) {
				throw failure;
			}
		}
	}

	@Override
	public PluginClient client() {
		StreamingPluginClient current = this.streaming;
		return (current != null) ? current : this.client;
	}

	/**
	 * What happened on the streams of this connection.
	 * @return empty if the plugin does not declare the feature
	 */
	Optional<StreamCounters> streamCounters() {
		return Optional.ofNullable(this.streaming).map(StreamingPluginClient::counters);
	}

	@Override
	public CompletableFuture<String> onLost() {
		return new CompletableFuture<>();
	}

	@Override
	public String security() {
		return "plaintext";
	}

	@Override
	public void close() {
		StreamingPluginClient current = this.streaming;
		if (current != null) {
			current.close();
		}
		this.channel.shutdownNow();
	}

	private HKPPluginGrpc.HKPPluginBlockingStub stub(Duration timeout) {
		return HKPPluginGrpc.newBlockingStub(this.channel)
			.withDeadline(Deadline.after(timeout.toNanos(), TimeUnit.NANOSECONDS));
	}

	private static HealthReport.Status toStatus(HealthStatus.Status status) {
		return switch (status) {
			case HEALTHY -> HealthReport.Status.HEALTHY;
			case DEGRADED -> HealthReport.Status.DEGRADED;
			case UNHEALTHY -> HealthReport.Status.UNHEALTHY;
			case UNKNOWN, UNRECOGNIZED -> HealthReport.Status.UNKNOWN;
		};
	}

}
