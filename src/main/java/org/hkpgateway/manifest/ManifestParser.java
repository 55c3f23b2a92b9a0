package org.hkpgateway.manifest;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlTable;

/**
 * Reads a file as TOML.
 */
final class ManifestParser {

	static final int MOST_BYTES = 256 * 1024;

	private ManifestParser() {
	}

	/**
	 * The file as a table, or null with an error in the findings.
	 */
	static @Nullable TomlTable parse(Findings findings) {
		byte[] bytes;
		try {
			bytes = read(findings.file());
		}
		catch (IOException ex) {
			findings.error(0, "cannot be read: " + PluginFiles.reason(ex));
			return null;
		}
		if (bytes.length > MOST_BYTES) {
			findings.error(0, "expected: at most " + MOST_BYTES + " bytes, got more");
			return null;
		}
		String text = decode(bytes, findings);
		return (text != null) ? parse(text, findings) : null;
	}

	private static byte[] read(Path file) throws IOException {
		if (!Files.isRegularFile(file)) {
			throw new IOException("not a regular file");
		}
		try (InputStream input = Files.newInputStream(file)) {
			return input.readNBytes(MOST_BYTES + 1);
		}
	}

	private static @Nullable String decode(byte[] bytes, Findings findings) {
		ByteBuffer input = ByteBuffer.wrap(bytes);
		CharBuffer text = CharBuffer.allocate(bytes.length);
		CoderResult result = StandardCharsets.UTF_8.newDecoder()
			.onMalformedInput(CodingErrorAction.REPORT)
			.decode(input, text, true);
		if (result.isError()) {
			findings.error(1 + newlines(bytes, input.position()),
					"expected: UTF-8, got: byte 0x%02x that no UTF-8 text has here".formatted(bytes[input.position()]));
			return null;
		}
		String decoded = text.flip().toString();
		// Some editors put a byte order mark in front; it means nothing in UTF-8.
		return decoded.startsWith("\uFEFF") ? decoded.substring(1) : decoded;
	}

	private static int newlines(byte[] bytes, int end) {
		int count = 0;
		for (int i = 0; i < end; i++) {
			if (bytes[i] == '\n') {
				count++;
			}
		}
		return count;
	}

	private static @Nullable TomlTable parse(String text, Findings findings) {
		TomlParseResult result;
		try {
			result = Toml.parse(text);
		}
		catch (StackOverflowError ex) {
			// The parser descends once for each nesting level.
			findings.error(0, "not TOML that can be read: values are nested too deeply");
			return null;
		}
		result.errors()
			.forEach((error) -> findings.error(error.position().line(),
					"not valid TOML: column " + error.position().column() + ": " + error.getMessage()));
		return result.hasErrors() ? null : result;
	}

}
