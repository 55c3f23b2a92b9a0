package org.hkpgateway.grpc;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;

import io.grpc.Status;
import org.hkpgateway.plugin.PluginFailure;
import org.hkpgateway.plugin.PluginId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

class StatusTranslationTests {

	private static final PluginId PLUGIN = new PluginId("fake");

	@ParameterizedTest
	@EnumSource
	void everyStatus(Status.Code code) {
		PluginFailure failure = StatusTranslation.toFailure(PLUGIN, "HandleRequest",
				code.toStatus().withDescription("why"));
		String expected = switch (code) {
			case DEADLINE_EXCEEDED -> "timeout";
			case UNAVAILABLE, CANCELLED -> "unavailable";
			case OK, UNKNOWN, INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED,
					FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, DATA_LOSS, UNAUTHENTICATED ->
				"protocol-error";
		};
		assertThat(failure.kind()).isEqualTo(expected);
		assertThat(failure.plugin()).isEqualTo(PLUGIN);
		assertThat(failure).hasMessageStartingWith("plugin fake: HandleRequest: expected: an answer");
	}

	/** So gRPC fails what is written to a connection in the moment of its end. */
	@Test
	void aChannelThatClosedIsABrokenConnection() {
		Status status = Status.UNKNOWN.withDescription("channel closed").withCause(new ClosedChannelException());
		assertThat(StatusTranslation.toFailure(PLUGIN, "HandleRequest", status))
			.isInstanceOf(PluginFailure.Unavailable.class)
			.hasMessageEndingWith("got: UNKNOWN: channel closed");
	}

	@Test
	void messageHasCodeDescriptionAndCause() {
		Status status = Status.UNAVAILABLE.withDescription("io exception").withCause(new IOException("Broken pipe"));
		assertThat(StatusTranslation.describe(status)).isEqualTo("UNAVAILABLE: io exception (Broken pipe)");
	}

	@Test
	void messageIsOneBoundedLine() {
		String text = StatusTranslation.describe(Status.INTERNAL.withDescription("x\n".repeat(10_000)));
		assertThat(text).hasSize(512).doesNotContain("\n");
	}

}
