package org.hkpgateway.hkp;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads {@code {"inserted":[{"version":4,"fingerprint":"…","comment":""}],…}}. Other
 * members are passed over, if there is one that is known.
 */
final class JsonUploadAnswer {

	private static final Map<String, KeyChange> MEMBERS = Map.of("inserted", KeyChange.INSERTED, "updated",
			KeyChange.UPDATED, "ignored", KeyChange.IGNORED, "deleted", KeyChange.DELETED, "invalid",
			KeyChange.INVALID);

	private static final JsonMapper json = new JsonMapper();

	private final JsonParser parser;

	private final List<UploadedKey> keys = new ArrayList<>();

	private boolean known;

	private boolean foreign;

	private JsonUploadAnswer(JsonParser parser) {
		this.parser = parser;
	}

	static UploadAnswer read(byte[] text, boolean whole) {
		try (JsonParser parser = json.createParser(text)) {
			JsonUploadAnswer answer = new JsonUploadAnswer(parser);
			String fault = answer.fault(whole);
			if (fault == null && answer.foreign && !answer.known) {
				fault = "JSON without any of their members";
			}
			return (fault != null) ? UploadAnswer.Unreadable.notUnderstood(fault)
					: new UploadAnswer.Named(answer.keys, whole);
		}
	}

	/** Null if there is none. Where the text breaks off, what came before holds. */
	private @Nullable String fault(boolean whole) {
		try {
			this.parser.nextToken();
			while (this.parser.nextToken() == JsonToken.PROPERTY_NAME) {
				KeyChange change = MEMBERS.get(this.parser.currentName());
				JsonToken value = this.parser.nextToken();
				if (change == null) {
					this.foreign = true;
					this.parser.skipChildren();
				}
				else {
					this.known = true;
					if (value != JsonToken.VALUE_NULL && (value != JsonToken.START_ARRAY || !keys(change))) {
						return "JSON whose member " + change.label() + " is no list of keys";
					}
				}
			}
			return (this.parser.nextToken() == null) ? null : "something behind JSON";
		}
		catch (JacksonException ex) {
			return whole ? "JSON that is damaged" : null;
		}
	}

	/** False if something else is among them. */
	private boolean keys(KeyChange change) {
		JsonToken token = this.parser.nextToken();
		while (token == JsonToken.START_OBJECT) {
			if (!key(change)) {
				return false;
			}
			token = this.parser.nextToken();
		}
		return token == JsonToken.END_ARRAY;
	}

	private boolean key(KeyChange change) {
		String fingerprint = "";
		int version = 0;
		while (this.parser.nextToken() == JsonToken.PROPERTY_NAME) {
			String name = this.parser.currentName().toLowerCase(Locale.ROOT);
			JsonToken value = this.parser.nextToken();
			if (name.equals("fingerprint") && value == JsonToken.VALUE_STRING) {
				fingerprint = this.parser.getString();
			}
			else if (name.equals("version") && value == JsonToken.VALUE_NUMBER_INT) {
				version = this.parser.getValueAsInt();
			}
			else {
				this.parser.skipChildren();
			}
		}
		if (!UploadedKey.isFingerprint(fingerprint)) {
			return false;
		}
		this.keys.add(new UploadedKey(fingerprint, version, change));
		return true;
	}

}
