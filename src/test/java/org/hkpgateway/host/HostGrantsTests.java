package org.hkpgateway.host;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.HostAccess;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.proto.EventFilter;
import org.hkpgateway.proto.PluginHostGrpc;
import org.hkpgateway.proto.PluginQuery;
import org.hkpgateway.proto.StateKey;
import org.hkpgateway.proto.StorageQuery;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * What a known plugin may call.
 */
@Timeout(60)
class HostGrantsTests {

	@Test
	void everyMethodOfTheProtocolHasItsRule() {
		assertThat(PluginHostGrpc.getServiceDescriptor().getMethods()).hasSize(HostMethod.values().length)
			.allSatisfy((method) -> assertThat(HostMethod.of(method)).isNotNull());
	}

	@Test
	void withoutTheGrantTheAnswerNamesIt() {
		PluginSpec spec = TestSpec.named("alpha").requested(Capability.STORAGE_QUERY, Capability.STATE).build();
		assertThat(refusal(spec, (stub) -> stub.requestStorage(StorageQuery.getDefaultInstance())))
			.isEqualTo("PERMISSION_DENIED: expected: the grant storage.query, got: a plugin without it; the manifest "
					+ "requests it; the operator grants it in hkp.plugins.settings.alpha.grants [alpha not_granted]");
		assertThat(refusal(spec, (stub) -> stub.getState(StateKey.getDefaultInstance())))
			.startsWith("PERMISSION_DENIED: expected: the grant state,");
		assertThat(refusal(spec, (stub) -> stub.subscribeEvents(EventFilter.getDefaultInstance()).hasNext()))
			.startsWith("PERMISSION_DENIED: expected: the grant events.subscribe,")
			.contains("the manifest of alpha has to request it");
	}

	@Test
	void pluginsDoNotAskEachOther() {
		assertThat(refusal(TestSpec.named("alpha").build(),
				(stub) -> stub.queryPlugin(PluginQuery.newBuilder().setTargetPlugin("beta").build())))
			.startsWith("UNIMPLEMENTED: declared, but never served")
			.endsWith("[alpha not_served]");
	}

	private static String refusal(PluginSpec spec, Call call) {
		try (TestHost host = new TestHost();
				HostAccess.Session session = host.open(spec, "a");
				HostClient client = HostClient.of(session.environment())) {
			Status status = catchThrowableOfType(StatusRuntimeException.class,
					() -> call.with(client.token(session.environment())))
				.getStatus();
			return status.getCode() + ": " + status.getDescription() + " " + host.refusals;
		}
	}

	interface Call {

		void with(PluginHostGrpc.PluginHostBlockingStub stub);

	}

}
