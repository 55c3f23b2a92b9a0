package org.hkpgateway.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;

/**
 * The credential for changes through the management port: made anew at each start and
 * written to a file that only the gateway's user can read.
 */
final class ManagementToken implements AutoCloseable {

	private static final int BYTES = 32;

	private static final String NAME = "management-token";

	private final byte[] token;

	private final Path file;

	private ManagementToken(String token, Path file) {
		this.token = token.getBytes(StandardCharsets.US_ASCII);
		this.file = file;
	}

	/**
	 * Makes a token and its file.
	 * @param directory where {@code management-token} is to stand, replacing one of an
	 * earlier start; empty for a file of a new name below {@code java.io.tmpdir}
	 * @throws UncheckedIOException if it cannot be written
	 */
	static ManagementToken create(String directory) {
		byte[] random = new byte[BYTES];
		new SecureRandom().nextBytes(random);
		String token = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
		try {
			return new ManagementToken(token, write(directory, token + "\n"));
		}
		catch (IOException ex) {
			throw new UncheckedIOException("the token for management cannot be written: " + ex, ex);
		}
	}

	/** The file is never readable by others, not even for a moment, nor half written. */
	private static Path write(String directory, String content) throws IOException {
		FileAttribute<?> privately = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
		if (directory.isEmpty()) {
			Path file = Files.createTempFile("hkp-" + NAME + "-", "", privately);
			return Files.writeString(file, content);
		}
		Path parent = Files.createDirectories(Path.of(directory).toAbsolutePath(),
				PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
		Path fresh = Files.createTempFile(parent, NAME + "-", "", privately);
		Files.writeString(fresh, content);
		return Files.move(fresh, parent.resolve(NAME), StandardCopyOption.ATOMIC_MOVE,
				StandardCopyOption.REPLACE_EXISTING);
	}

	Path file() {
		return this.file;
	}

	/** Whether a client's token is this one. Takes the same time for each wrong one. */
	boolean matches(String other) {
		return MessageDigest.isEqual(this.token, other.getBytes(StandardCharsets.UTF_8));
	}

	@Override
	public void close() throws IOException {
		Files.deleteIfExists(this.file);
	}

}
