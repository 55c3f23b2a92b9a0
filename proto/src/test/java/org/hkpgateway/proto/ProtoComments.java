package org.hkpgateway.proto;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.SourceCodeInfo.Location;

/**
 * The comments of one proto file, by the paths that a descriptor has for its elements, as
 * Markdown.
 */
final class ProtoComments {

	/** The line of a heading between two rules. */
	private static final Pattern BANNER = Pattern.compile("-{10,}\\n\\s*(.*)\\n\\s*-{10,}");

	private static final Pattern MARKUP = Pattern.compile("[|*<>\\[\\]]");

	private final Map<List<Integer>, Location> locations = new HashMap<>();

	ProtoComments(FileDescriptorProto file) {
		for (Location location : file.getSourceCodeInfo().getLocationList()) {
			this.locations.putIfAbsent(location.getPathList(), location);
		}
	}

	/** The comment of an element on one line of a table, perhaps empty. */
	String cell(List<Integer> path) {
		return String.join("<br>", paragraphs(path).stream().map((lines) -> escaped(String.join(" ", lines))).toList());
	}

	/** The comment of an element as paragraphs of their own, perhaps empty. */
	String text(List<Integer> path) {
		StringBuilder text = new StringBuilder();
		for (List<String> lines : paragraphs(path)) {
			text.append(paragraph(lines)).append("\n");
		}
		return text.toString();
	}

	/** What stands at the head of the file, above its first statement. */
	String head() {
		Location syntax = this.locations.get(List.of(FileDescriptorProto.SYNTAX_FIELD_NUMBER));
		StringBuilder text = new StringBuilder();
		if (syntax != null) {
			for (String comment : syntax.getLeadingDetachedCommentsList()) {
				split(comment).forEach((lines) -> text.append(paragraph(lines)).append("\n"));
			}
		}
		return text.toString();
	}

	/** The heading above an element, or an empty string. */
	String banner(List<Integer> path) {
		Location location = this.locations.get(path);
		if (location != null) {
			for (String comment : location.getLeadingDetachedCommentsList()) {
				Matcher banner = BANNER.matcher(comment.strip());
				if (banner.matches()) {
					return banner.group(1).strip();
				}
			}
		}
		return "";
	}

	private List<List<String>> paragraphs(List<Integer> path) {
		Location location = this.locations.get(path);
		if (location == null) {
			return List.of();
		}
		return split(location.hasLeadingComments() ? location.getLeadingComments() : location.getTrailingComments());
	}

	/** At empty lines, and where lines begin or cease to be set in. */
	private static List<List<String>> split(String comment) {
		List<List<String>> paragraphs = new ArrayList<>();
		List<String> current = new ArrayList<>();
		for (String line : comment.split("\n")) {
			String text = line.startsWith(" ") ? line.substring(1).stripTrailing() : line.stripTrailing();
			boolean ends = text.isEmpty() || (!current.isEmpty() && isSetIn(text) != isSetIn(current.get(0)));
			if (ends && !current.isEmpty()) {
				paragraphs.add(current);
				current = new ArrayList<>();
			}
			if (!text.isEmpty()) {
				current.add(text);
			}
		}
		if (!current.isEmpty()) {
			paragraphs.add(current);
		}
		return paragraphs;
	}

	private static boolean isSetIn(String line) {
		return line.startsWith("  ");
	}

	/** Lines that are set in mean something by their columns. */
	private static String paragraph(List<String> lines) {
		if (isSetIn(lines.get(0))) {
			return "```\n" + String.join("\n", lines) + "\n```\n";
		}
		return escaped(String.join("\n", lines)) + "\n";
	}

	/** Comments are plain text, in which only backticks mean what they do in Markdown. */
	private static String escaped(String text) {
		StringBuilder escaped = new StringBuilder();
		boolean code = false;
		for (String part : text.split("`", -1)) {
			escaped.append(code ? "`" + part.replace("|", "\\|") + "`" : MARKUP.matcher(part).replaceAll("\\\\$0"));
			code = !code;
		}
		return escaped.toString();
	}

}
