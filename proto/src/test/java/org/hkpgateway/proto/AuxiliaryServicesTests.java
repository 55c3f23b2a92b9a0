package org.hkpgateway.proto;

import java.util.stream.Collectors;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import io.grpc.MethodDescriptor;
import org.hkpgateway.proto.goplugin.GRPCControllerGrpc;
import org.hkpgateway.proto.goplugin.GRPCStdioGrpc;
import org.hkpgateway.proto.goplugin.StdioData;
import org.hkpgateway.proto.health.HealthCheckRequest;
import org.hkpgateway.proto.health.HealthCheckResponse;
import org.hkpgateway.proto.health.HealthGrpc;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Pins what go-plugin and gRPC have fixed.
 */
class AuxiliaryServicesTests {

	@Test
	void methods() {
		assertThat(GRPCStdioGrpc.getStreamStdioMethod()).satisfies((method) -> {
			assertThat(method.getFullMethodName()).isEqualTo("plugin.GRPCStdio/StreamStdio");
			assertThat(method.getType()).isEqualTo(MethodDescriptor.MethodType.SERVER_STREAMING);
		});
		assertThat(GRPCControllerGrpc.getShutdownMethod()).satisfies((method) -> {
			assertThat(method.getFullMethodName()).isEqualTo("plugin.GRPCController/Shutdown");
			assertThat(method.getType()).isEqualTo(MethodDescriptor.MethodType.UNARY);
		});
		assertThat(HealthGrpc.getCheckMethod().getFullMethodName()).isEqualTo("grpc.health.v1.Health/Check");
	}

	@Test
	void fields() {
		assertThat(fields(StdioData.getDescriptor())).isEqualTo("channel 1 ENUM, data 2 BYTES");
		assertThat(values(StdioData.Channel.getDescriptor())).isEqualTo("INVALID 0, STDOUT 1, STDERR 2");
		assertThat(fields(HealthCheckRequest.getDescriptor())).isEqualTo("service 1 STRING");
		assertThat(fields(HealthCheckResponse.getDescriptor())).isEqualTo("status 1 ENUM");
		assertThat(values(HealthCheckResponse.ServingStatus.getDescriptor()))
			.isEqualTo("UNKNOWN 0, SERVING 1, NOT_SERVING 2, SERVICE_UNKNOWN 3");
	}

	private static String fields(Descriptor message) {
		return message.getFields()
			.stream()
			.map((field) -> field.getName() + " " + field.getNumber() + " " + field.getType())
			.collect(Collectors.joining(", "));
	}

	private static String values(EnumDescriptor type) {
		return type.getValues()
			.stream()
			.map((value) -> value.getName() + " " + value.getNumber())
			.collect(Collectors.joining(", "));
	}

}
