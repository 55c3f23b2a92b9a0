package org.hkpgateway.config;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/**
 * Which values a key may have, in the words of the gateway itself: it is offered
 * impossible ones, and what it expects is in the message.
 */
final class AllowedValues {

	private static final Pattern EXPECTED = Pattern.compile("(?s)([a-z0-9.-]+): expected: (.*?), got: ");

	/** In bytes, of a default that is part of a message. */
	private static final Pattern BYTES = Pattern.compile(", \\d+B$");

	private static final List<String> NUMBERS = List.of("-1", "0", "2147483647");

	private static final Map<String, List<String>> IMPOSSIBLE = Map.of("java.time.Duration",
			List.of("-1s", "0s", "100000d"), "org.springframework.util.unit.DataSize", List.of("-1B", "0B", "1000TB"),
			"java.lang.Integer", NUMBERS, "java.lang.Long", NUMBERS, "java.lang.String", List.of("?!"),
			"java.util.List<java.lang.String>", List.of("?!"), "java.util.List<java.net.URI>", List.of("ftp://x"));

	/** What a key needs beside it to be looked at. */
	private static final Map<String, Map<String, String>> BESIDE = Map.of("hkp.plugins.remote.x.address", Map.of(),
			"hkp.plugins.remote.x.host-token", Map.of("hkp.plugins.remote.x.address", "far.example:9000",
					"hkp.plugins.host.address", "127.0.0.1:11391", "hkp.plugins.host.tls-bundle", "x"));

	private AllowedValues() {
	}

	/**
	 * Asks the gateway.
	 * @param metadata of the key
	 * @return in words; empty if it takes everything of the type
	 */
	static String of(KeyMetadata metadata) {
		Class<?> type = type(metadata);
		if (type.isEnum()) {
			return Stream.of(type.getEnumConstants())
				.map((constant) -> "`" + ((Enum<?>) constant).name().toLowerCase(Locale.ROOT).replace('_', '-') + "`")
				.collect(Collectors.joining(", "));
		}
		String key = metadata.key().replace("<name>", "x");
		Set<String> expected = new LinkedHashSet<>();
		for (String value : IMPOSSIBLE.getOrDefault(metadata.type(), List.of())) {
			Matcher matcher = EXPECTED.matcher(refusal(key, value));
			if (matcher.find() && matcher.group(1).equals(key)) {
				expected.add(BYTES.matcher(matcher.group(2)).replaceAll(""));
			}
		}
		return String.join("; ", expected);
	}

	private static Class<?> type(KeyMetadata metadata) {
		try {
			return Class.forName(metadata.type().replaceFirst("<.*", ""));
		}
		catch (ClassNotFoundException ex) {
			throw new AssertionError(ex);
		}
	}

	/** What the gateway says to a value; empty if it takes it. */
	private static String refusal(String key, String value) {
		MapConfigurationPropertySource source = new MapConfigurationPropertySource();
		BESIDE.getOrDefault(key, key.startsWith("hkp.plugins.remote.")
				? Map.of("hkp.plugins.remote.x.address", "far.example:9000") : Map.of())
			.forEach(source::put);
		source.put(key, value);
		try {
			new Binder(source).bindOrCreate("hkp", Bindable.of(HkpProperties.class));
			return "";
		}
		catch (BindException ex) {
			return ConfigurationReader.describe(ex);
		}
	}

}
