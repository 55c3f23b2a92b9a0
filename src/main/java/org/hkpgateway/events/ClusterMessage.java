package org.hkpgateway.events;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

import org.hkpgateway.plugin.PluginId;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * An event on its way between replicas: a line of JSON, and behind it the event's data as
 * they are.
 *
 * <pre>
 * {"v":1,"replica":"2f0c…","source":"antiabuse","number":3,"sequence":17,
 *  "type":"plugin.antiabuse.banned","at":1767323045000,"metadata":{"client":"192.0.2.7"}}
 * {"until":"…"}
 * </pre>
 *
 * The line has no line break. {@code number} is {@link Event#clusterSequence()},
 * {@code at} counts milliseconds since 1970. Members that are not known are not looked
 * at; what would change the meaning of the others gets another {@code v}. The event's id
 * is made of the other members.
 * <p>
 * Whoever can write to Redis can send such a message. So everything is checked as if a
 * plugin had sent it, and nothing can be proved.
 */
final class ClusterMessage {

	private static final int VERSION = 1;

	/** Twice what metadata can take, if each character is written with six bytes. */
	static final int MAX_HEAD_BYTES = 48 * 1024;

	/** Of all of a message. */
	static final int MAX_BYTES = MAX_HEAD_BYTES + 1 + PluginEvents.MAX_DATA_BYTES;

	/** The gateway's own name as a source. */
	private static final String GATEWAY = "gateway";

	private static final Pattern REPLICA = Pattern.compile("[0-9a-f-]{36}");

	private static final JsonMapper json = new JsonMapper();

	private final JsonNode head;

	private final ByteBuffer data;

	private ClusterMessage(JsonNode head, ByteBuffer data) {
		this.head = head;
		this.data = data;
	}

	/**
	 * Makes a message.
	 * @param event for all replicas
	 * @return the bytes
	 * @throws IllegalArgumentException if others would refuse it for its size
	 */
	static byte[] write(Event event) {
		ObjectNode head = json.createObjectNode()
			.put("v", VERSION)
			.put("replica", event.replica())
			.put("source", event.source())
			.put("number", event.clusterSequence())
			.put("sequence", event.sequence())
			.put("type", event.type())
			.put("at", event.at().toEpochMilli());
		ObjectNode metadata = head.putObject("metadata");
		event.metadata().forEach(metadata::put);
		byte[] line = head.toString().getBytes(StandardCharsets.UTF_8);
		byte[] data = event.data().getBytes(StandardCharsets.UTF_8);
		check(line.length <= MAX_HEAD_BYTES, "head", "at most " + MAX_HEAD_BYTES + " bytes", line.length);
		check(data.length <= PluginEvents.MAX_DATA_BYTES, "data", "at most " + PluginEvents.MAX_DATA_BYTES + " bytes",
				data.length);
		return ByteBuffer.allocate(line.length + 1 + data.length).put(line).put((byte) '\n').put(data).array();
	}

	/**
	 * Reads as much of a message as tells who has sent it.
	 * @param message the bytes
	 * @return a message whose event may still turn out to be none
	 * @throws IllegalArgumentException if it is none of this version
	 */
	static ClusterMessage read(byte[] message) {
		check(message.length <= MAX_BYTES, "message", "at most " + MAX_BYTES + " bytes", message.length);
		int end = 0;
		while (end < message.length && message[end] != '\n') {
			end++;
		}
		check(end < message.length, "message", "a line, and behind it data", message.length + " bytes without");
		check(end <= MAX_HEAD_BYTES, "head", "at most " + MAX_HEAD_BYTES + " bytes", end);
		ByteBuffer data = ByteBuffer.wrap(message, end + 1, message.length - end - 1).slice();
		try {
			JsonNode head = json.readTree(message, 0, end);
			check(head.isObject(), "head", "a JSON object", head.getNodeType());
			check(head.path("v").isInt() && head.path("v").intValue() == VERSION, "v", VERSION, head.path("v"));
			return new ClusterMessage(head, data);
		}
		catch (JacksonException ex) {
			throw new IllegalArgumentException(
					"head: expected: one JSON object, got: " + PluginEvents.shortened(ex.getOriginalMessage()), ex);
		}
	}

	/** Who has sent it. */
	String replica() {
		String replica = text("replica");
		check(REPLICA.matcher(replica).matches(), "replica", "a UUID", replica);
		return replica;
	}

	/**
	 * The event in it.
	 * @return for subscribers
	 * @throws IllegalArgumentException if there is none
	 */
	Event event() {
		String replica = replica();
		String source = text("source");
		String type = text("type");
		checkType(source, type);
		long number = number("number", 1);
		long sequence = number("sequence", number);
		return new Event(Event.id(replica, source, sequence), type, replica, source, sequence, number,
				Instant.ofEpochMilli(number("at", 0)), PluginEvents.data(this.data), metadata());
	}

	/** Nobody speaks for others, and of itself this replica knows better. */
	private static void checkType(String source, String type) {
		check(type.length() <= PluginEvents.MAX_TYPE_CHARS && PluginEvents.WORDS.matcher(type).matches(), "type",
				"words with dots", type);
		if (source.equals(GATEWAY)) {
			check(!type.startsWith("plugin.") && !type.startsWith("cluster."), "type", "one that concerns all replicas",
					type);
		}
		else {
			String prefix = "plugin." + new PluginId(source) + ".";
			check(type.startsWith(prefix), "type", prefix + "<words>", type);
		}
	}

	private Map<String, String> metadata() {
		Map<String, String> metadata = new HashMap<>();
		JsonNode members = this.head.path("metadata");
		check(members.isObject(), "metadata", "an object", members.getNodeType());
		check(members.size() <= PluginEvents.MAX_METADATA, "metadata", "at most " + PluginEvents.MAX_METADATA,
				members.size());
		members.properties().forEach((member) -> {
			check(member.getValue().isString(), "metadata", "texts", member.getValue().getNodeType());
			metadata.put(member.getKey(), member.getValue().stringValue());
		});
		PluginEvents.checkMetadata(metadata);
		return metadata;
	}

	private String text(String member) {
		JsonNode value = this.head.path(member);
		check(value.isString(), member, "a text", value.getNodeType());
		return value.stringValue();
	}

	private long number(String member, long least) {
		JsonNode value = this.head.path(member);
		check(value.isIntegralNumber() && value.canConvertToLong() && value.longValue() >= least, member,
				"a whole number from " + least, value);
		return value.longValue();
	}

	private static void check(boolean holds, String what, Object expected, Object got) {
		if (!holds) {
			throw new IllegalArgumentException(
					what + ": expected: " + expected + ", got: '" + PluginEvents.shortened(String.valueOf(got)) + "'");
		}
	}

}
