package org.hkpgateway.config;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

import org.hkpgateway.http.AddressRange;
import org.hkpgateway.plugin.MatchRules;
import org.hkpgateway.plugin.PathGlob;

import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * {@code hkp.plugins.settings.<name>.match}: which requests a plugin is shown. Empty
 * lists hold for every request.
 *
 * @param methods HTTP methods of requests that it is shown, in capitals; empty for all
 * @param operations HKP operations of requests that it is shown, and {@code not-hkp} for
 * everything else; empty for all
 * @param paths patterns of the decoded path, {@code *} within a segment and {@code **}
 * for any segments, for example {@code /pks/v2/**}; empty for all
 * @param clients addresses or CIDRs of clients; empty for all
 */
public record MatchProperties(@DefaultValue List<String> methods, @DefaultValue List<String> operations,
		@DefaultValue List<String> paths, @DefaultValue List<String> clients) {

	/** Each request may be compared with all of them. */
	private static final int MOST_ENTRIES = 256;

	MatchRules toDomain(String prefix) {
		return new MatchRules(read(prefix + ".methods", this.methods, MatchRules::method),
				read(prefix + ".operations", this.operations, MatchRules::operation),
				List.copyOf(read(prefix + ".paths", this.paths, PathGlob::parse)),
				List.copyOf(read(prefix + ".clients", this.clients, MatchProperties::range)));
	}

	private static AddressRange range(String text) {
		AddressRange range = AddressRange.parse(text);
		if (range == null) {
			throw new IllegalArgumentException(
					"expected: addresses or CIDRs, for example 192.0.2.0/24 or 2001:db8::/32, got: " + text);
		}
		return range;
	}

	private static <T> Set<T> read(String key, List<String> entries, Function<String, T> reader) {
		if (entries.size() > MOST_ENTRIES) {
			throw new IllegalArgumentException(
					key + ": expected: at most " + MOST_ENTRIES + " entries, got: " + entries.size());
		}
		Set<T> read = new LinkedHashSet<>();
		for (String entry : entries) {
			try {
				read.add(reader.apply(entry));
			}
			catch (IllegalArgumentException ex) {
				// Without the cause: Boot tells the operator of the innermost exception
				// only.
				throw new IllegalArgumentException(key + ": " + ex.getMessage());
			}
		}
		return read;
	}

}
