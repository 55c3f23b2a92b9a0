package org.hkpgateway.grpc;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.grpc.CallOptions;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import org.hkpgateway.log.BoundedText;
import org.hkpgateway.plugin.HealthReport;
import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginIntroduction;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.StreamListener;
import org.hkpgateway.proto.Empty;
import org.hkpgateway.proto.HKPPluginGrpc;
import org.hkpgateway.proto.HealthStatus;
import org.hkpgateway.proto.ShutdownRequest;
import org.hkpgateway.proto.ShutdownResponse;
import org.hkpgateway.proto.goplugin.GRPCControllerGrpc;
import org.hkpgateway.proto.health.HealthCheckResponse.ServingStatus;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.scheduler.Schedulers;

/**
 * A connection over one channel. The blocking calls may be interrupted: they then fail as
 * if the connection had broken, with the thread's interrupt flag set.
 */
final class GrpcPluginConnection implements PluginConnection {

	private static final Logger logger = LoggerFactory.getLogger(GrpcPluginConnection.class);

	/** The feature by which a plugin declares {@code HandleRequests}. */
	private static final String STREAM = "stream";

	/** The feature of a plugin that decides about dry runs without changing its state. */
	private static final String DRY_RUN = "dry_run";

	private static final int MAX_TEXT_BYTES = 1024;

	/** Of its health. */
	private static final int MOST_DETAILS = 32;

	/** After its time limit the last call in flight has this long to be over. */
	private static final Duration LAST_CALL = Duration.ofSeconds(1);

	private final PluginSpec spec;

	private final ManagedChannel channel;

	private final Introduction introduction;

	private final EventConverter events;

	private final GrpcPluginClient client;

	private final ConnectionWatch watch;

	private final String security;

	private final StreamListener streams;

	/** Set once the plugin was found not to know HealthCheck. */
	private volatile boolean standardHealth;

	/** Made again when the plugin has said what it wants. */
	private volatile GrpcEventClient eventClient;

	/** Set when the plugin declares that it speaks the stream. */
	private volatile @Nullable StreamingPluginClient streaming;

	/**
	 * Makes a connection.
	 * @param spec the plugin
	 * @param channel connected
	 * @param introduction for this channel
	 * @param events converts requests
	 * @param reconnects whether the channel may connect again
	 * @param security for the operator
	 * @param streams is told what happens on its stream
	 */
	GrpcPluginConnection(PluginSpec spec, ManagedChannel channel, Introduction introduction, EventConverter events,
			boolean reconnects, String security, StreamListener streams) {
		this.spec = spec;
		this.channel = channel;
		this.events = events;
		this.introduction = introduction;
		this.client = new GrpcPluginClient(spec.id(), channel, events, spec.maxMessageBytes());
		this.eventClient = GrpcEventClient.of(spec.id(), channel, false, null, spec.maxMessageBytes());
		this.watch = new ConnectionWatch(channel, reconnects, this::renewStreams);
		this.security = security;
		this.streams = streams;
	}

	@Override
	public PluginIntroduction initialize(String instanceId, Duration timeout) {
		Introduction.Result result = this.introduction.perform(stub(deadline(timeout)), instanceId, timeout);
		if (result.maxMessageBytes() > 0) {
			this.client.limitMessages(result.maxMessageBytes());
		}
		if (result.plugin().features().contains(GrpcResponseClient.FEATURE)) {
			this.client.showResponses();
		}
		if (result.plugin().features().contains(DRY_RUN)) {
			this.client.allowDryRuns();
		}
		this.eventClient = GrpcEventClient.of(this.spec.id(), this.channel,
				result.plugin().features().contains(GrpcEventClient.FEATURE), result.eventFilter(),
				(result.maxMessageBytes() > 0) ? result.maxMessageBytes() : this.spec.maxMessageBytes());
		if (this.streaming == null && result.plugin().features().contains(STREAM)) {
			StreamingPluginClient opened = StreamingPluginClient.open(this.spec.id(), this.channel, this.events,
					this.client, this.streams);
			this.streaming = opened;
			if (this.channel.isShutdown()) {
				// Closed meanwhile, when this was not there to be closed.
				opened.close();
			}
		}
		return result.plugin();
	}

	@Override
	public HealthReport checkHealth(Duration timeout) {
		Deadline deadline = deadline(timeout);
		try {
			if (!this.standardHealth) {
				HealthStatus answer = stub(deadline).healthCheck(Empty.getDefaultInstance());
				return new HealthReport(toStatus(answer.getStatus()),
						BoundedText.oneLine(answer.getMessage(), MAX_TEXT_BYTES), details(answer.getDetailsMap()));
			}
		}
		catch (StatusRuntimeException ex) {
			if (ex.getStatus().getCode() != Status.Code.UNIMPLEMENTED) {
				throw StatusTranslation.toFailure(this.spec.id(), "HealthCheck", ex.getStatus());
			}
			this.standardHealth = true;
		}
		return checkStandardHealth(deadline);
	}

	private static Map<String, String> details(Map<String, String> said) {
		Map<String, String> details = new HashMap<>();
		said.entrySet()
			.stream()
			.limit(MOST_DETAILS)
			.forEach((detail) -> details.put(BoundedText.oneLine(detail.getKey(), MAX_TEXT_BYTES),
					BoundedText.oneLine(detail.getValue(), MAX_TEXT_BYTES)));
		return details;
	}

	private HealthReport checkStandardHealth(Deadline deadline) {
		try {
			Optional<ServingStatus> answer = StandardHealth.ask(this.channel, deadline);
			return answer.map((status) -> new HealthReport(toStatus(status), "", Map.of()))
				.orElseGet(() -> new HealthReport(HealthReport.Status.UNKNOWN, "does not implement HealthCheck",
						Map.of()));
		}
		catch (StatusRuntimeException ex) {
			throw StatusTranslation.toFailure(this.spec.id(), "grpc.health.v1.Health/Check", ex.getStatus());
		}
	}

	@Override
	public void shutdown(String reason, Duration grace) {
		StreamingPluginClient current = this.streaming;
		if (current != null) {
			// A stream left open would keep a server from ending in the orderly way.
			current.halfClose();
		}
		Deadline deadline = deadline(grace);
		ShutdownRequest request = ShutdownRequest.newBuilder()
			.setReason(reason)
			.setTimeoutSeconds((int) Math.min(Integer.MAX_VALUE, Math.max(1, grace.toSeconds())))
			.build();
		try {
			ShutdownResponse answer = stub(deadline).shutdown(request);
			if (!answer.getSuccess()) {
				logger.warn("Plugin {} reports a failed shutdown: {}", this.spec.id(),
						BoundedText.oneLine(answer.getError(), MAX_TEXT_BYTES));
			}
		}
		catch (StatusRuntimeException ex) {
			PluginFailure failure = StatusTranslation.toFailure(this.spec.id(), "Shutdown", ex.getStatus());
			if (failure instanceof PluginFailure.Unavailable && !Thread.currentThread().isInterrupted()) {
				// It exited first: nobody is left to be told more.
				return;
			}
			if (ex.getStatus().getCode() != Status.Code.UNIMPLEMENTED) {
				throw failure;
			}
		}
		stopGoPluginServer(deadline);
	}

	/** A go-plugin server ends in the middle of its answer, so hardly any is an error. */
	private void stopGoPluginServer(Deadline deadline) {
		try {
			var unused = ClientCalls.blockingUnaryCall(this.channel, GRPCControllerGrpc.getShutdownMethod(),
					CallOptions.DEFAULT.withDeadline(deadline),
					org.hkpgateway.proto.goplugin.Empty.getDefaultInstance());
		}
		catch (StatusRuntimeException ex) {
			logger.debug("plugin {}: GRPCController.Shutdown: {}", this.spec.id(),
					StatusTranslation.describe(ex.getStatus()));
		}
	}

	/** A stream that is left open would hold the connection that it goes by. */
	private void renewStreams() {
		this.eventClient.renew();
		StreamingPluginClient current = this.streaming;
		if (current != null) {
			current.renew();
		}
	}

	@Override
	public EndpointClient client() {
		StreamingPluginClient current = this.streaming;
		return (current != null) ? current : this.client;
	}

	@Override
	public GrpcEventClient events() {
		return this.eventClient;
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
		return this.watch.lost();
	}

	@Override
	public String security() {
		return this.security;
	}

	@Override
	public void close() {
		StreamingPluginClient current = this.streaming;
		if (current != null) {
			current.close();
		}
		this.channel.shutdownNow();
	}

	/**
	 * Refuses further calls, and closes when those in flight have had the time that a
	 * call may take. Does not block.
	 */
	void closeGently() {
		StreamingPluginClient current = this.streaming;
		if (current != null) {
			// The stream is a call, too: left open it would keep the connection.
			current.halfClose();
		}
		this.channel.shutdown();
		this.eventClient.renew();
		// A plugin that hangs would never let the last call finish.
		long grace = this.spec.timeout().plus(LAST_CALL).toMillis();
		var unused = Schedulers.parallel().schedule(this::close, grace, TimeUnit.MILLISECONDS);
	}

	private HKPPluginGrpc.HKPPluginBlockingStub stub(Deadline deadline) {
		return HKPPluginGrpc.newBlockingStub(this.channel).withDeadline(deadline);
	}

	private static Deadline deadline(Duration timeout) {
		return Deadline.after(timeout.toNanos(), TimeUnit.NANOSECONDS);
	}

	private static HealthReport.Status toStatus(HealthStatus.Status status) {
		return switch (status) {
			case HEALTHY -> HealthReport.Status.HEALTHY;
			case DEGRADED -> HealthReport.Status.DEGRADED;
			case UNHEALTHY -> HealthReport.Status.UNHEALTHY;
			case UNKNOWN, UNRECOGNIZED -> HealthReport.Status.UNKNOWN;
		};
	}

	private static HealthReport.Status toStatus(ServingStatus status) {
		return switch (status) {
			case SERVING -> HealthReport.Status.HEALTHY;
			case NOT_SERVING -> HealthReport.Status.UNHEALTHY;
			case UNKNOWN, SERVICE_UNKNOWN, UNRECOGNIZED -> HealthReport.Status.UNKNOWN;
		};
	}

}
