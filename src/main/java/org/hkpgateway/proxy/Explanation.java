package org.hkpgateway.proxy;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;

import org.hkpgateway.chain.ChainTrace;
import org.hkpgateway.chain.Seat;
import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;
import org.hkpgateway.http.ResponseHead;
import org.hkpgateway.plugin.PluginId;
import org.jspecify.annotations.Nullable;

/**
 * What the gateway would do with a request.
 *
 * @param understood how it reads the request; null if that was not possible
 * @param seats all plugins of the chain, in order; none if the request was refused before
 * @param trace what came of asking them
 * @param forced plugins that were asked although they may have changed their state
 * @param notCalled plugins that were not asked because they would have changed it
 * @param result what would be done
 * @param chainNanos how long the plugins took
 */
public record Explanation(@Nullable Understood understood, List<Seat> seats, ChainTrace trace, Set<PluginId> forced,
		Set<PluginId> notCalled, Result result, long chainNanos) {

	/**
	 * How the gateway reads a request.
	 *
	 * @param method as sent
	 * @param target as sent, octets as ISO-8859-1 characters
	 * @param hkp what is asked of a keyserver; null outside HKP, or if it was refused
	 * before
	 * @param client who sent it; null if nobody looked
	 * @param trustedPeer whether a trusted proxy said so
	 * @param tls whether the client spoke TLS
	 */
	public record Understood(String method, String target, @Nullable HkpRequest hkp, @Nullable InetSocketAddress client,
			boolean trustedPeer, boolean tls) {
	}

	/** What would be done. */
	public sealed interface Result {

	}

	/**
	 * The request would be sent to a keyserver.
	 *
	 * @param method as sent
	 * @param target as sent, octets as ISO-8859-1 characters
	 * @param fields all of them, in order
	 * @param bodyLength in bytes; -1 if nobody knows before it has come
	 * @param bodyReplaced whether a plugin has put the body in the place of the client's
	 * @param reads whether any keyserver may be asked; else only the primary
	 * @param keyservers those that may be asked, the primary first
	 * @param answerFields what plugins want changed of the answer's fields
	 * @param reviewers plugins that would be shown the answer, in the order in which they
	 * would see it
	 */
	public record Forward(String method, String target, Headers fields, long bodyLength, boolean bodyReplaced,
			boolean reads, List<UpstreamStatus> keyservers, List<HeaderMutation> answerFields,
			List<PluginId> reviewers) implements Result {

		public Forward {
			keyservers = List.copyOf(keyservers);
			answerFields = List.copyOf(answerFields);
			reviewers = List.copyOf(reviewers);
		}

	}

	/**
	 * A plugin would answer, or the gateway in the place of the keyserver.
	 *
	 * @param head with all fields
	 * @param body read-only
	 */
	public record Answer(ResponseHead head, ByteBuffer body) implements Result {

		public Answer {
			body = body.asReadOnlyBuffer();
		}

	}

	/**
	 * The gateway itself would refuse the request; no plugin would hear of it.
	 *
	 * @param head with all fields
	 * @param reason the sentence that the client would get
	 */
	public record Refused(ResponseHead head, String reason) implements Result {
	}

}
