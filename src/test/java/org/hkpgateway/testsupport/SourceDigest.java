package org.hkpgateway.testsupport;

import java.io.IOException;
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
public final class SourceDigest {

	private SourceDigest() {
	}

	/**
	 * A digest of the names and contents of all files below a directory, and of others.
	 * Not of {@code Cargo.lock}, which cargo writes when it builds.
	 */
	public static String of(Path directory, Path... others) throws IOException {
		try (Stream<Path> tree = Files.walk(directory)) {
			MessageDigest digest = MessageDigest.getInstance("SHA-256");
			List<Path> files = Stream
				.concat(tree.filter(Files::isRegularFile).filter((file) -> !file.endsWith("Cargo.lock")).sorted(),
						Stream.of(others))
				.toList();
			for (Path file : files) {
				byte[] content = Files.readAllBytes(file);
				String head = directory.relativize(file) + "\0" + content.length + "\0";
				digest.update(head.getBytes(StandardCharsets.UTF_8));
				digest.update(content);
			}
			return HexFormat.of().formatHex(digest.digest());
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
