package org.hkpgateway.config;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.Resource;

/**
 * Reads YAML as Spring Boot does, and names the file that it cannot read, and the place
 * in it, but does not quote it: the next words may be a password.
 */
@Order(Ordered.HIGHEST_PRECEDENCE + 1)
final class YamlFiles extends YamlPropertySourceLoader {

	/** What stands in the file behind an alias or a tag. */
	private static final Pattern QUOTED = Pattern
		.compile("((?:undefined alias|for the tag|undefined tag handle)) \\S.*");

	private static final String ACTION = "Mend that line or one before it: indent by spaces and not by tabs, end each quote "
			+ "and bracket, write each key once. Until then nothing in the file counts.";

	@Override
	public List<PropertySource<?>> load(String name, Resource resource) throws IOException {
		try {
			return super.load(name, resource);
		}
		catch (MarkedYAMLException ex) {
			String context = (ex.getContext() != null) ? ex.getContext() + ", " : "";
			throw unreadable(resource, ex.getProblemMark(), QUOTED.matcher(context + ex.getProblem()).replaceAll("$1"));
		}
		catch (YAMLException ex) {
			throw unreadable(resource, null, firstLine(ex));
		}
	}

	/** Without the cause, whose message quotes the file. */
	private static UnusableSettingException unreadable(Resource resource, @Nullable Mark mark, String problem)
			throws IOException {
		String file = resource.isFile() ? resource.getFile().toString() : resource.getDescription();
		String place = (mark != null) ? ", line " + (mark.getLine() + 1) + ", column " + (mark.getColumn() + 1) : "";
		return new UnusableSettingException(file + place + ": expected: YAML, got: text that is none: " + problem,
				ACTION);
	}

	private static String firstLine(YAMLException failure) {
		return Objects.requireNonNullElse(failure.getMessage(), failure.toString()).lines().findFirst().orElse("");
	}

}
