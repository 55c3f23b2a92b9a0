package org.hkpgateway.sdk;

import java.util.function.BooleanSupplier;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import org.hkpgateway.proto.health.HealthCheckRequest;
import org.hkpgateway.proto.health.HealthCheckResponse;
import org.hkpgateway.proto.health.HealthCheckResponse.ServingStatus;
import org.hkpgateway.proto.health.HealthGrpc;

/**
 * gRPC's own health check, for probes and load balancers, which know nothing of plugins:
 * whether this process takes calls. How the plugin is, {@code HKPPlugin.HealthCheck}
 * says.
 */
final class StandardHealth extends HealthGrpc.HealthImplBase {

	private final BooleanSupplier stopping;

	StandardHealth(BooleanSupplier stopping) {
		this.stopping = stopping;
	}

	@Override
	public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> observer) {
		String service = request.getService();
		if (!service.isEmpty() && !service.equals("plugin")) {
			observer.onError(
					Status.NOT_FOUND.withDescription("expected: the service plugin, or none, got: '" + service + "'")
						.asRuntimeException());
			return;
		}
		observer.onNext(HealthCheckResponse.newBuilder()
			.setStatus(this.stopping.getAsBoolean() ? ServingStatus.NOT_SERVING : ServingStatus.SERVING)
			.build());
		observer.onCompleted();
	}

}
