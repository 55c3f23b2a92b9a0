package org.hkpgateway.sdk;

import java.time.Duration;
import java.util.Set;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import org.hkpgateway.proto.BodyState;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.proto.HkpRequest;

/**
 * Loads what the first request needs before it comes: on a busy machine that takes longer
 * than the gateway waits for a decision. The author's code is not run.
 */
final class WarmUp {

	private WarmUp() {
	}

	/**
	 * Reads a request and writes decisions, for nobody.
	 * @return how many bytes the decisions have, so that nothing is left out as unused
	 */
	static int run() {
		HandleRequestEvent event = HandleRequestEvent.newBuilder()
			.setRequestId("warm-up")
			.setMethod("GET")
			.setPath("/pks/lookup")
			.setRawTarget(ByteString.copyFromUtf8("/pks/lookup?op=index&search=a"))
			.putQueryParams("op", "index")
			.setRemoteAddr("[2001:db8::1]:1")
			.addHeaderFields(
					org.hkpgateway.proto.HeaderField.newBuilder().setName("A").setValue(ByteString.copyFromUtf8("b")))
			.setHkp(HkpRequest.newBuilder().setOperation(HkpRequest.Operation.LOOKUP_INDEX).setSearch("a"))
			.setBodyState(BodyState.BODY_WITHHELD)
			.setDeadlineMs(1)
			.build();
		try {
			Request request = Conversions.request(HandleRequestEvent.parseFrom(event.toByteArray()), Set.of());
			HandleResponse denied = Conversions.response(request.id(),
					Decision.deny(429).retryAfter(Duration.ofSeconds(1)).text("a").annotate("a", "b").reason("a"));
			HandleResponse allowed = Conversions.response(request.id(), Decision.allow().setRequestHeader("A", "b"));
			return denied.toByteArray().length + allowed.toByteArray().length;
		}
		catch (InvalidProtocolBufferException ex) {
			throw new IllegalStateException("what was written cannot be read", ex);
		}
	}

}
