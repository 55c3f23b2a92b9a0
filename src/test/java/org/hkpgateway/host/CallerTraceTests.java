package org.hkpgateway.host;

import java.util.ArrayList;
import java.util.List;

import io.grpc.Metadata;
import io.grpc.ServerCall;
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

	private void call(String traceparent) {
		Metadata headers = new Metadata();
		if (traceparent != null) {
			headers.put(Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER), traceparent);
		}
		ServerCall<String, String> call = null;
		new CallerTrace().interceptCall(call, headers, (same, headersToo) -> {
			this.seen.add(CallerTrace.current());
			return new ServerCall.Listener<>() {
			};
		});
	}

	@Test
	void whatThePluginSaysIsOfItsCallOnly() {
		call(TRACEPARENT);
		call(null);
		assertThat(this.seen).containsExactly(TRACEPARENT, "");
		assertThat(CallerTrace.current()).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "00", TRACEPARENT + "-", "01" + TRACEPARENT,
			"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
			"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0" })
	void anythingElseIsNone(String traceparent) {
		call(traceparent);
		assertThat(this.seen).containsExactly("");
	}

}
