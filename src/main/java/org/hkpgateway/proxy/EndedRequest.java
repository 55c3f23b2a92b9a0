package org.hkpgateway.proxy;

import java.net.URI;

import org.hkpgateway.hkp.Operation;
import org.jspecify.annotations.Nullable;

/**
 * What became of a request, in numbers and in words of fixed sets.
 *
 * @param operation what it asked for; null outside HKP, or if it was refused before that
 * was known
 * @param decision {@code forward}, {@code answer}, {@code refuse}, or {@code none} if the
 * client left before
 * @param status of the answer; -1 if there was none
 * @param nanos how long it took, from its head to the end of the answer
 * @param pluginNanos how much of the chain's budget its plugins have used; -1 if none was
 * asked
 * @param upstream the keyserver that was asked last; null if none was
 * @param upstreamFirstNanos how long it took until the head of a keyserver's answer came;
 * -1 if none has
 */
public record EndedRequest(@Nullable Operation operation, String decision, int status, long nanos, long pluginNanos,
		@Nullable URI upstream, long upstreamFirstNanos) {

	static EndedRequest of(Exchange exchange) {
		return new EndedRequest((exchange.hkp() != null) ? exchange.hkp().operation() : null, exchange.decision(),
				exchange.isHeadSent() ? exchange.response().status().code() : -1, exchange.elapsedNanos(),
				exchange.trace().nanos(), exchange.upstreamUrl(), exchange.upstreamFirstNanos());
	}

}
