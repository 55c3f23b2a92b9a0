package org.hkpgateway.testsupport;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * Tells whether a program has to be built again.
 */
final class SourceDigest {

	private SourceDigest() {
	}

	/** A digest of a file's content. */
	static String of(Path file) throws IOException {
		try (InputStream input = Files.newInputStream(file)) {
			MessageDigest digest = sha256();
			byte[] buffer = new byte[64 * 1024];
			for (int read = input.read(buffer); read >= 0; read = input.read(buffer)) {
				digest.update(buffer, 0, read);
			}
			return HexFormat.of().formatHex(digest.digest());
		}
	}

	/**
	 * A digest of the names and contents of all files below a directory, and of one more.
	 * Not of {@code Cargo.lock}, which cargo writes when it builds.
	 */
	static String of(Path directory, Path another) throws IOException {
		try (Stream<Path> tree = Files.walk(directory)) {
			MessageDigest digest = sha256();
			List<Path> files = Stream
				.concat(tree.filter(Files::isRegularFile).filter((file) -> !file.endsWith("Cargo.lock")).sorted(),
						Stream.of(another))
				.toList();
			for (Path file : files) {
				byte[] content = Files.readAllBytes(file);
				String head = directory.relativize(file) + "\0" + content.length + "\0";
				digest.update(head.getBytes(StandardCharsets.UTF_8));
				digest.update(content);
			}
			return HexFormat.of().formatHex(digest.digest());
		}
	}

	private static MessageDigest sha256() {
		try {
			return MessageDigest.getInstance("SHA-256");
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
