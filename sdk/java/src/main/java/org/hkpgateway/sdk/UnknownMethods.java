package org.hkpgateway.sdk;

import io.grpc.HandlerRegistry;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.protobuf.ProtoUtils;
import org.hkpgateway.proto.Empty;

import org.jspecify.annotations.Nullable;

/**
 * Answers what the plugin does not serve, such as gRPC's health and go-plugin's own
 * services, as gRPC itself would: with UNIMPLEMENTED. But gRPC does so without asking the
 * interceptors, so that a stranger would learn what is served and what is not.
 */
final class UnknownMethods extends HandlerRegistry {

	@Override
	public ServerMethodDefinition<?, ?> lookupMethod(String name, @Nullable String authority) {
		MethodDescriptor<Empty, Empty> descriptor = MethodDescriptor
			.newBuilder(ProtoUtils.marshaller(Empty.getDefaultInstance()),
					ProtoUtils.marshaller(Empty.getDefaultInstance()))
			.setType(MethodDescriptor.MethodType.UNKNOWN)
			.setFullMethodName(name)
			.build();
		return ServerMethodDefinition.create(descriptor, (call, headers) -> {
			call.close(Status.UNIMPLEMENTED.withDescription("expected: a method that this plugin serves, got: " + name),
					new Metadata());
			return new ServerCall.Listener<>() {
			};
		});
	}

}
