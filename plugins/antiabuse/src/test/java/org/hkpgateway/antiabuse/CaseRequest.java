package org.hkpgateway.antiabuse;

import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import org.hkpgateway.sdk.Body;
import org.hkpgateway.sdk.Deadline;
import org.hkpgateway.sdk.Headers;
import org.hkpgateway.sdk.HkpQuery;
import org.hkpgateway.sdk.Operation;
import org.hkpgateway.sdk.Request;
import org.jspecify.annotations.Nullable;

/**
 * A request of a case, understood as the gateway understands requests.
 */
final class CaseRequest {

	private static final Map<String, Operation> LOOKUPS = Map.of("get", Operation.LOOKUP_GET, "hget",
			Operation.LOOKUP_HGET, "index", Operation.LOOKUP_INDEX, "vindex", Operation.LOOKUP_VINDEX, "stats",
			Operation.LOOKUP_STATS);

	private static final Map<String, Operation> PATHS = Map.of("/pks/add", Operation.ADD, "/pks/replace",
			Operation.REPLACE, "/pks/delete", Operation.DELETE, "/pks/hashquery", Operation.HASHQUERY, "/pks/stats",
			Operation.STATS, "/pks/health", Operation.HEALTH, "/pks/v2/certs", Operation.V2_ADD);

	private static final Map<String, Operation> PREFIXES = Map.of("/pks/v2/certs/by-vfingerprint/",
			Operation.V2_CERTS_BY_VFINGERPRINT, "/pks/v2/certs/by-identity/", Operation.V2_CERTS_BY_IDENTITY,
			"/pks/v2/certs/by-keyid/", Operation.V2_CERTS_BY_KEYID, "/pks/v2/index/", Operation.V2_INDEX);

	private final JsonObject json;

	private final String number;

	CaseRequest(JsonObject json, int number) {
		Case.members(json, "method", "target", "client", "headers", "body", "body_base64", "body_state", "body_length",
				"dry_run", "status");
		this.json = json;
		this.number = Integer.toString(number);
	}

	Request request(Set<String> grants) {
		return new Request("test", method(), path(), target(), parameters(), headers(), client(), false, query(),
				body(grants), Map.of(), Deadline.none(), "", grants, dryRun());
	}

	int status() {
		return this.json.get("status").getAsInt();
	}

	String method() {
		return Case.optional(this.json, "method").orElse("GET");
	}

	String target() {
		return numbered(this.json.get("target").getAsString());
	}

	InetSocketAddress client() {
		return Case.address(numbered(Case.optional(this.json, "client").orElse("192.0.2.1")));
	}

	boolean dryRun() {
		return this.json.has("dry_run") && this.json.get("dry_run").getAsBoolean();
	}

	Optional<HkpQuery> query() {
		String path = path();
		Map<String, String> parameters = parameters();
		if (path.equals("/pks/lookup")) {
			return Optional.of(query(LOOKUPS.getOrDefault(parameters.getOrDefault("op", ""), Operation.OTHER),
					parameters.getOrDefault("search", ""), "0x"));
		}
		for (Map.Entry<String, Operation> prefix : PREFIXES.entrySet()) {
			if (path.startsWith(prefix.getKey())) {
				return Optional.of(query(prefix.getValue(), path.substring(prefix.getKey().length()), "04"));
			}
		}
		Operation operation = PATHS.get(path);
		return (operation != null) ? Optional.of(query(operation, "", "")) : Optional.empty();
	}

	private static HkpQuery query(Operation operation, String search, String keyPrefix) {
		String hex = search.startsWith(keyPrefix) ? search.substring(keyPrefix.length()) : "";
		boolean key = hex.matches("[0-9A-Fa-f]{8}|[0-9A-Fa-f]{16}|[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}");
		String upper = key ? hex.toUpperCase(Locale.ROOT) : "";
		return new HkpQuery(operation, search, (upper.length() > 16) ? upper : "", (upper.length() <= 16) ? upper : "",
				List.of(), false, false, false, false);
	}

	private String path() {
		String target = target();
		int question = target.indexOf('?');
		return decoded((question < 0) ? target : target.substring(0, question));
	}

	private Map<String, String> parameters() {
		Map<String, String> parameters = new HashMap<>();
		String target = target();
		int question = target.indexOf('?');
		for (String pair : (question < 0) ? new String[0] : target.substring(question + 1).split("&", -1)) {
			int equals = pair.indexOf('=');
			parameters.putIfAbsent(decoded((equals < 0) ? pair : pair.substring(0, equals)),
					(equals < 0) ? "" : decoded(pair.substring(equals + 1)));
		}
		return parameters;
	}

	private Headers headers() {
		List<Headers.Field> fields = new ArrayList<>();
		if (this.json.has("headers")) {
			this.json.getAsJsonObject("headers")
				.asMap()
				.forEach((name, value) -> fields.add(new Headers.Field(name, numbered(value.getAsString()))));
		}
		return Headers.of(fields);
	}

	private Body body(Set<String> grants) {
		byte[] bytes = bytes();
		String usual = (bytes == null) ? "absent" : grants.contains("http.request.body") ? "complete" : "withheld";
		Body.State state = Body.State
			.valueOf(Case.optional(this.json, "body_state").orElse(usual).toUpperCase(Locale.ROOT));
		if (state == Body.State.ABSENT || bytes == null) {
			return Body.absent();
		}
		long length = this.json.has("body_length") ? this.json.get("body_length").getAsLong() : bytes.length;
		return new Body(state, ByteBuffer.wrap((state == Body.State.WITHHELD) ? new byte[0] : bytes), length);
	}

	private byte @Nullable [] bytes() {
		if (this.json.has("body_base64")) {
			return Base64.getDecoder().decode(this.json.get("body_base64").getAsString());
		}
		JsonElement body = this.json.get("body");
		if (body == null) {
			return null;
		}
		StringBuilder text = new StringBuilder();
		for (JsonElement piece : body.isJsonArray() ? body.getAsJsonArray().asList() : List.of(body)) {
			if (piece.isJsonObject()) {
				JsonObject repeated = piece.getAsJsonObject();
				Case.members(repeated, "text", "times");
				text.append(repeated.get("text").getAsString().repeat(repeated.get("times").getAsInt()));
			}
			else {
				text.append(piece.getAsString());
			}
		}
		return text.toString().getBytes(StandardCharsets.UTF_8);
	}

	private String numbered(String text) {
		return text.replace("{n}", this.number);
	}

	private static String decoded(String text) {
		return URLDecoder.decode(text, StandardCharsets.UTF_8);
	}

}
