package org.hkpgateway.grpc;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.grpc.Channel;
import io.grpc.Deadline;
import io.grpc.StatusRuntimeException;
import org.hkpgateway.proto.health.HealthCheckResponse.ServingStatus;
import org.jspecify.annotations.Nullable;

/**
 * The first call over a new channel. It may come before Initialize, warms the channel up
 * and shows whether the other side takes calls of this gateway at all.
 */
final class FirstCheck {

	private FirstCheck() {
	}

	/**
	 * Asks for the standard health. Blocks.
	 * @param channel connected
	 * @param timeout the longest to wait
	 * @return null if the plugin is serving, or does not say; else what was expected and
	 * what came
	 */
	static @Nullable String problem(Channel channel, Duration timeout) {
		try {
			ServingStatus status = StandardHealth
				.ask(channel, Deadline.after(Math.max(1, timeout.toMillis()), TimeUnit.MILLISECONDS))
				.orElse(ServingStatus.SERVING);
			return (status != ServingStatus.SERVING)
					? "health of the service 'plugin': expected: SERVING, got: " + status : null;
		}
		catch (StatusRuntimeException ex) {
			String hint = switch (ex.getStatus().getCode()) {
				case UNAUTHENTICATED, PERMISSION_DENIED ->
					" (do gateway and plugin agree on the transport, and on the token?)";
				default -> "";
			};
			return "health of the service 'plugin': expected: an answer, got: "
					+ StatusTranslation.describe(ex.getStatus()) + hint;
		}
	}

}
