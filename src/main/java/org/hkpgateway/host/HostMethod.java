package org.hkpgateway.host;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.grpc.MethodDescriptor;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.proto.PluginHostGrpc;

import org.jspecify.annotations.Nullable;

/**
 * The methods of the host service: the grant that each needs, and why it is not served,
 * if it is not.
 */
enum HostMethod {

	GET_HOST_INFO(PluginHostGrpc.getGetHostInfoMethod(), null, null),

	REQUEST_STORAGE(PluginHostGrpc.getRequestStorageMethod(), Capability.STORAGE_QUERY, null),

	STREAM_STORAGE(PluginHostGrpc.getStreamStorageMethod(), Capability.STORAGE_QUERY, null),

	PUBLISH_EVENT(PluginHostGrpc.getPublishEventMethod(), Capability.EVENTS_PUBLISH, null),

	PUBLISH_EVENTS(PluginHostGrpc.getPublishEventsMethod(), Capability.EVENTS_PUBLISH, null),

	SUBSCRIBE_EVENTS(PluginHostGrpc.getSubscribeEventsMethod(), Capability.EVENTS_SUBSCRIBE, null),

	QUERY_PLUGIN(PluginHostGrpc.getQueryPluginMethod(), null,
			"declared, but never served: plugins talk through events and shared state"),

	GET_STATE(PluginHostGrpc.getGetStateMethod(), Capability.STATE, null),

	PUT_STATE(PluginHostGrpc.getPutStateMethod(), Capability.STATE, null),

	COMPARE_AND_SET_STATE(PluginHostGrpc.getCompareAndSetStateMethod(), Capability.STATE, null),

	DELETE_STATE(PluginHostGrpc.getDeleteStateMethod(), Capability.STATE, null),

	INCREMENT_STATE(PluginHostGrpc.getIncrementStateMethod(), Capability.STATE, null),

	ACQUIRE_TOKENS(PluginHostGrpc.getAcquireTokensMethod(), Capability.STATE, null);

	private static final Map<String, HostMethod> BY_NAME = Arrays.stream(values())
		.collect(Collectors.toUnmodifiableMap((method) -> method.fullName, Function.identity()));

	private final String fullName;

	private final @Nullable Capability grant;

	private final @Nullable String notServed;

	HostMethod(MethodDescriptor<?, ?> descriptor, @Nullable Capability grant, @Nullable String notServed) {
		this.fullName = descriptor.getFullMethodName();
		this.grant = grant;
		this.notServed = notServed;
	}

	/**
	 * Finds a method.
	 * @param descriptor what gRPC calls it
	 * @return null if it is none of the host service's
	 */
	static @Nullable HostMethod of(MethodDescriptor<?, ?> descriptor) {
		return BY_NAME.get(descriptor.getFullMethodName());
	}

	/**
	 * What the operator must have granted.
	 * @return null if anybody who is known may call it
	 */
	@Nullable Capability grant() {
		return this.grant;
	}

	/**
	 * Why it is not served.
	 * @return null if it is
	 */
	@Nullable String notServed() {
		return this.notServed;
	}

}
