package org.hkpgateway.grpc;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.TreeMap;
import java.util.stream.Stream;

import com.google.protobuf.ByteString;
import org.hkpgateway.proto.BodyReplacement;
import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.proto.HeaderField;
import org.hkpgateway.proto.HeaderMutation;
import org.hkpgateway.proto.RequestRewrite;

/** Decisions of {@link FakePlugin} that change what goes on. */
final class FakeDecisions {

	private static final String END = "-----END PGP PUBLIC KEY BLOCK-----";

	private FakeDecisions() {
	}

	private static HandleResponse.Builder proceed() {
		return HandleResponse.newBuilder().setContinueChain(true);
	}

	/** Lets the first key of an upload through and drops what follows it. */
	static HandleResponse.Builder cleaned(HandleRequestEvent event) {
		String form = event.getBody().toString(StandardCharsets.ISO_8859_1);
		String text = URLDecoder.decode(form.substring("keytext=".length()), StandardCharsets.UTF_8);
		String first = text.substring(0, text.indexOf(END) + END.length()) + "\n";
		return proceed().setReason("cleaned")
			.setBodyReplacement(BodyReplacement.newBuilder()
				.setBody(ByteString.copyFromUtf8("keytext=" + URLEncoder.encode(first, StandardCharsets.UTF_8)))
				.setContentType("application/x-www-form-urlencoded"));
	}

	/** Another body of the same length as the one that came. */
	static HandleResponse.Builder shouted(HandleRequestEvent event) {
		return proceed().setBodyReplacement(BodyReplacement.newBuilder()
			.setBody(ByteString.copyFromUtf8(event.getBody().toStringUtf8().toUpperCase(Locale.ROOT) + "!"))
			.setContentType("text/loud"));
	}

	static HandleResponse.Builder exact(HandleRequestEvent event) {
		String target = event.getRawTarget().toStringUtf8();
		return proceed().setRewrite(RequestRewrite.newBuilder()
			.setQuery(target.substring(target.indexOf('?') + 1) + "&exact=on")
			.setReplaceQuery(true));
	}

	static HandleResponse.Builder marked() {
		return proceed().putAnnotations("mark", "1")
			.putHeaders("X-Answer-Mark", "1")
			.addRequestHeaders(HeaderMutation.newBuilder()
				.setAction(HeaderMutation.Action.SET)
				.setName("X-Mark")
				.setValue(ByteString.copyFromUtf8(String.valueOf(System.getenv("PLUGIN_NAME")))));
	}

	static HandleResponse.Builder traced(HandleRequestEvent event) {
		boolean shown = event.getHeaderFieldsList()
			.stream()
			.anyMatch((field) -> field.getName().toLowerCase(Locale.ROOT).startsWith("trace"));
		return proceed().putHeaders("X-Trace-" + System.getenv("PLUGIN_NAME"),
				"trace:" + event.getTraceparent() + (shown ? " and the client's" : ""));
	}

	static HandleResponse.Builder told(HandleRequestEvent event) {
		return HandleResponse.newBuilder()
			.setStatusCode(200)
			.setBody(ByteString.copyFromUtf8("target " + event.getRawTarget().toStringUtf8() + "\npath "
					+ event.getPath() + "\nquery " + new TreeMap<>(event.getQueryParamsMap()) + "\nmark "
					+ event.getHeadersMap().get("X-Mark") + "\nannotations " + new TreeMap<>(event.getAnnotationsMap())
					+ "\nbody " + event.getBody().toStringUtf8() + "\ndeadline " + event.getDeadlineMs() + "\n"));
	}

	/** The names of the headers, in lower case, wherever an event has them; the body. */
	static HandleResponse.Builder viewTold(HandleRequestEvent event) {
		Stream<String> fields = event.getHeaderFieldsList().stream().map(HeaderField::getName);
		String view = Stream.concat(fields, event.getHeadersMap().keySet().stream())
			.map((name) -> name.toLowerCase(Locale.ROOT))
			.distinct()
			.sorted()
			.toList() + " " + event.getBodyState() + " " + event.getBody().toStringUtf8();
		System.err.println("sees " + view);
		return HandleResponse.newBuilder().setStatusCode(200).setBody(ByteString.copyFromUtf8(view));
	}

	static HandleResponse.Builder authorized() {
		return proceed().putAnnotations("authorized", "1")
			.addRequestHeaders(HeaderMutation.newBuilder()
				.setAction(HeaderMutation.Action.SET)
				.setName("Authorization")
				.setValue(ByteString.copyFromUtf8("Basic of-the-plugin")));
	}

}
