package org.hkpgateway.sdk;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

import com.google.protobuf.ByteString;
import io.netty.util.NetUtil;
import org.hkpgateway.proto.BodyState;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.proto.HeaderField;
import org.hkpgateway.proto.HeaderMutation;
import org.hkpgateway.proto.HealthStatus;
import org.hkpgateway.proto.HkpRequest;
import org.hkpgateway.proto.UpstreamResponseDecision;
import org.hkpgateway.proto.UpstreamResponseEvent;

/**
 * Between the messages of the protocol and the types that authors see; the only place
 * that knows both. Stateless.
 */
final class Conversions {

	private Conversions() {
	}

	/**
	 * Reads an event.
	 * @param event the event
	 * @param grants the capabilities in force
	 * @return the request
	 * @throws IllegalArgumentException if the event breaks the protocol; says where
	 */
	static Request request(HandleRequestEvent event, Set<String> grants) {
		String target = event.getRawTarget().isEmpty() ? event.getPath()
				: event.getRawTarget().toString(StandardCharsets.ISO_8859_1);
		Optional<HkpQuery> hkp = event.hasHkp() ? Optional.of(query(event.getHkp())) : Optional.empty();
		return new Request(event.getRequestId(), event.getMethod(), event.getPath(), target, event.getQueryParamsMap(),
				headers(event), client(event.getRemoteAddr()), event.getTls(), hkp, body(event),
				event.getAnnotationsMap(), Deadline.afterMillis(event.getDeadlineMs()), event.getTraceparent(), grants,
				event.getDryRun());
	}

	/**
	 * Reads the keyserver's answer.
	 * @param event the answer
	 * @param grants the capabilities in force
	 * @return the answer
	 * @throws IllegalArgumentException if the event breaks the protocol; says where
	 */
	static UpstreamResponse upstreamResponse(UpstreamResponseEvent event, Set<String> grants) {
		Optional<AnsweredRequest> request = Optional.empty();
		if (!event.getRemoteAddr().isEmpty()) {
			Optional<HkpQuery> hkp = event.hasHkp() ? Optional.of(query(event.getHkp())) : Optional.empty();
			request = Optional.of(new AnsweredRequest(event.getMethod(),
					event.getRawTarget().toString(StandardCharsets.ISO_8859_1), client(event.getRemoteAddr()), hkp));
		}
		return new UpstreamResponse(event.getRequestId(), event.getStatusCode(),
				Headers.of(fields(event.getHeaderFieldsList())), request, Duration.ofMillis(event.getUpstreamMs()),
				event.getAnnotationsMap(), Deadline.afterMillis(event.getDeadlineMs()), event.getTraceparent(), grants,
				event.getDryRun());
	}

	static UpstreamResponseDecision responseDecision(String requestId, ResponseDecision decision) {
		UpstreamResponseDecision.Builder message = UpstreamResponseDecision.newBuilder()
			.setRequestId(requestId)
			.putAllAnnotations(decision.annotations())
			.setReason(decision.reason());
		for (HeaderChange change : decision.headers()) {
			message.addResponseHeaders(mutation(change));
		}
		return message.build();
	}

	static HandleResponse response(String requestId, Decision decision) {
		HandleResponse.Builder response = HandleResponse.newBuilder().setRequestId(requestId);
		if (decision instanceof Respond respond) {
			response.setStatusCode(respond.status()).setBody(ByteString.copyFrom(respond.body()));
		}
		else if (decision instanceof Allow allow) {
			allow(response, allow);
		}
		Notes notes = decision.notes();
		Set<String> seen = new HashSet<>();
		for (HeaderChange change : notes.responseChanges()) {
			// The map holds one value of a name, and comes first; the others follow as
			// mutations.
			boolean first = seen.add(change.name().toLowerCase(Locale.ROOT));
			if (first && change.action() == HeaderChange.Action.APPEND) {
				response.putHeaders(change.name(), change.value());
			}
			else {
				response.addResponseHeaders(mutation(change));
			}
		}
		return response.putAllAnnotations(notes.annotations())
			.setReason(notes.reason())
			.setDelayMs(notes.delayMillis())
			.build();
	}

	private static void allow(HandleResponse.Builder response, Allow allow) {
		response.setContinueChain(true);
		for (HeaderChange change : allow.requestHeaders()) {
			response.addRequestHeaders(mutation(change));
		}
		allow.rewrittenPath().ifPresent((path) -> response.getRewriteBuilder().setPath(path));
		allow.rewrittenQuery().ifPresent((query) -> response.getRewriteBuilder().setQuery(query).setReplaceQuery(true));
		allow.replacedBody()
			.ifPresent((body) -> response.getBodyReplacementBuilder()
				.setBody(ByteString.copyFrom(body.bytes()))
				.setContentType(body.contentType()));
	}

	static HealthStatus health(Health health, long timestamp) {
		return HealthStatus.newBuilder().setStatus(switch (health.status()) {
			case HEALTHY -> HealthStatus.Status.HEALTHY;
			case DEGRADED -> HealthStatus.Status.DEGRADED;
			case UNHEALTHY -> HealthStatus.Status.UNHEALTHY;
		}).setMessage(health.message()).putAllDetails(health.details()).setTimestamp(timestamp).build();
	}

	/**
	 * Reads {@code ip:port} or {@code [v6]:port} without ever asking a name server.
	 * @param text the address
	 * @return the address; an IPv4-mapped IPv6 address as IPv4
	 */
	static InetSocketAddress client(String text) {
		int colon = text.lastIndexOf(':');
		String host = (colon > 0) ? text.substring(0, colon) : "";
		if (host.startsWith("[") && host.endsWith("]")) {
			host = host.substring(1, host.length() - 1);
		}
		byte[] address = NetUtil.createByteArrayFromIpAddressString(host);
		if (address != null) {
			try {
				int port = Integer.parseInt(text.substring(colon + 1));
				return new InetSocketAddress(InetAddress.getByAddress(address), port);
			}
			catch (IllegalArgumentException | UnknownHostException ex) {
				// Told below.
			}
		}
		throw new IllegalArgumentException(
				"remote_addr: expected: 192.0.2.7:4711 or [2001:db8::7]:4711, got: '" + text + "'");
	}

	private static Headers headers(HandleRequestEvent event) {
		List<Headers.Field> fields = fields(event.getHeaderFieldsList());
		if (fields.isEmpty()) {
			event.getHeadersMap().forEach((name, value) -> fields.add(new Headers.Field(name, value)));
		}
		return Headers.of(fields);
	}

	private static List<Headers.Field> fields(List<HeaderField> messages) {
		List<Headers.Field> fields = new ArrayList<>(messages.size());
		for (HeaderField field : messages) {
			fields.add(new Headers.Field(field.getName(), field.getValue().toString(StandardCharsets.ISO_8859_1)));
		}
		return fields;
	}

	private static Body body(HandleRequestEvent event) {
		Body.State state = state(event.getBodyState());
		if (state == Body.State.ABSENT) {
			return Body.absent();
		}
		return new Body(state, event.getBody().asReadOnlyByteBuffer(), event.getBodyLength());
	}

	private static Body.State state(BodyState state) {
		return switch (state) {
			case BODY_ABSENT -> Body.State.ABSENT;
			case BODY_COMPLETE -> Body.State.COMPLETE;
			case BODY_PREFIX -> Body.State.PREFIX;
			case BODY_WITHHELD, UNRECOGNIZED -> Body.State.WITHHELD;
		};
	}

	private static HkpQuery query(HkpRequest hkp) {
		return new HkpQuery(operation(hkp.getOperation()), hkp.getSearch(), hkp.getFingerprint(), hkp.getKeyId(),
				hkp.getOptionsList(), hkp.getMachineReadable(), hkp.getExact(), hkp.getShowHash(),
				hkp.getShowFingerprint());
	}

	private static Operation operation(HkpRequest.Operation operation) {
		return switch (operation) {
			case OTHER, UNRECOGNIZED -> Operation.OTHER;
			case LOOKUP_GET -> Operation.LOOKUP_GET;
			case LOOKUP_HGET -> Operation.LOOKUP_HGET;
			case LOOKUP_INDEX -> Operation.LOOKUP_INDEX;
			case LOOKUP_VINDEX -> Operation.LOOKUP_VINDEX;
			case LOOKUP_STATS -> Operation.LOOKUP_STATS;
			case ADD -> Operation.ADD;
			case REPLACE -> Operation.REPLACE;
			case DELETE -> Operation.DELETE;
			case HASHQUERY -> Operation.HASHQUERY;
			case STATS -> Operation.STATS;
			case HEALTH -> Operation.HEALTH;
			case V2_CERTS_BY_VFINGERPRINT -> Operation.V2_CERTS_BY_VFINGERPRINT;
			case V2_CERTS_BY_IDENTITY -> Operation.V2_CERTS_BY_IDENTITY;
			case V2_CERTS_BY_KEYID -> Operation.V2_CERTS_BY_KEYID;
			case V2_INDEX -> Operation.V2_INDEX;
			case V2_PREFIXLOG -> Operation.V2_PREFIXLOG;
			case V2_ADD -> Operation.V2_ADD;
		};
	}

	private static HeaderMutation mutation(HeaderChange change) {
		return HeaderMutation.newBuilder().setAction(switch (change.action()) {
			case SET -> HeaderMutation.Action.SET;
			case APPEND -> HeaderMutation.Action.APPEND;
			case REMOVE -> HeaderMutation.Action.REMOVE;
		}).setName(change.name()).setValue(ByteString.copyFrom(change.value(), StandardCharsets.ISO_8859_1)).build();
	}

}
