package org.hkpgateway.host;

import java.util.ArrayList;
import java.util.List;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import org.hkpgateway.plugin.HostTracing;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.proto.PluginHostGrpc;
import org.hkpgateway.proto.StateKey;
import org.hkpgateway.proto.StateValue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CallerTrace}.
 */
class CallerTraceTests {

	private static final String TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

	private final List<String> seen = new ArrayList<>();

	private final List<String> spans = new ArrayList<>();

	private ServerCall<StateKey, StateValue> served;

	private ServerCall.Listener<StateKey> call(HostTracing tracing, String traceparent) {
		Metadata headers = new Metadata();
		if (traceparent != null) {
			headers.put(Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER), traceparent);
		}
		Context known = new CallerIdentity(TestSpec.named("alpha").build()).inContext();
		Context before = known.attach();
		try {
			return new CallerTrace(tracing).interceptCall(new Call(), headers, (same, headersToo) -> {
				this.seen.add(CallerTrace.current());
				this.served = same;
				return new ServerCall.Listener<>() {
				};
			});
		}
		finally {
			known.detach(before);
		}
	}

	/** With traces on. */
	private ServerCall.Listener<StateKey> traced(String traceparent) {
		return call((plugin, method, parent) -> {
			this.spans.add(plugin + " " + method + " " + parent);
			return new HostTracing.HostSpan() {

				@Override
				public String traceparent() {
					return "its own";
				}

				@Override
				public void end(String status) {
					CallerTraceTests.this.spans.add(status);
				}

			};
		}, traceparent);
	}

	@Test
	void whatThePluginSaysIsOfItsCallOnly() {
		call(null, TRACEPARENT);
		call(null, null);
		assertThat(this.seen).containsExactly(TRACEPARENT, "");
		assertThat(CallerTrace.current()).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "00", TRACEPARENT + "-", "01" + TRACEPARENT,
			"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
			"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
			"00-00000000000000000000000000000000-b7ad6b7169203331-01",
			"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01" })
	void anythingElseIsNone(String traceparent) {
		call(null, traceparent);
		traced(traceparent);
		assertThat(this.seen).containsExactly("", "");
		assertThat(this.spans).isEmpty();
	}

	@Test
	void withTracesOnACallWithinATraceHasASpan() {
		traced(TRACEPARENT);
		assertThat(this.seen).as("the trace of what is asked for it").containsExactly("its own");
		assertThat(this.spans).containsExactly("alpha GetState " + TRACEPARENT);
		this.served.close(Status.RESOURCE_EXHAUSTED.withDescription("too much"), new Metadata());
		assertThat(this.spans).endsWith("RESOURCE_EXHAUSTED");
	}

	@Test
	void aCallThatIsGivenUpEndsItsSpan() {
		traced(TRACEPARENT).onCancel();
		assertThat(this.spans).containsExactly("alpha GetState " + TRACEPARENT, "CANCELLED");
	}

	@Test
	void aCallWithoutATraceHasNone() {
		traced(null);
		assertThat(this.seen).containsExactly("");
		assertThat(this.served).as("as it came").isInstanceOf(Call.class);
		assertThat(this.spans).isEmpty();
	}

	/** Of one method. */
	private static final class Call extends ServerCall<StateKey, StateValue> {

		@Override
		public void request(int messages) {
		}

		@Override
		public void sendHeaders(Metadata headers) {
		}

		@Override
		public void sendMessage(StateValue message) {
		}

		@Override
		public void close(Status status, Metadata trailers) {
		}

		@Override
		public boolean isCancelled() {
			return false;
		}

		@Override
		public MethodDescriptor<StateKey, StateValue> getMethodDescriptor() {
			return PluginHostGrpc.getGetStateMethod();
		}

	}

}
