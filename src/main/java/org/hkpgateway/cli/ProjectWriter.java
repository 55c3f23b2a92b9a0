package org.hkpgateway.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * Writes a project from the archive of a template. What stands in {@code third_party} is
 * the SDK and copied as it is; everything else gets the plugin's name. Overwrites
 * nothing.
 */
final class ProjectWriter {

	private static final String THIRD_PARTY = "third_party/";

	private final Path directory;

	private final ProjectName name;

	private final String version;

	private final MavenRepository repository;

	/**
	 * A writer.
	 * @param directory exists and is empty
	 * @param name of the plugin
	 * @param version of the SDK
	 */
	ProjectWriter(Path directory, ProjectName name, String version) {
		this.directory = directory;
		this.name = name;
		this.version = version;
		this.repository = new MavenRepository(version);
	}

	/**
	 * Writes all files.
	 * @param archive zipped
	 * @return how many files are the author's to change
	 * @throws IOException if one cannot be written; others may have been
	 */
	int write(InputStream archive) throws IOException {
		int own = 0;
		try (ZipInputStream zip = new ZipInputStream(archive, StandardCharsets.UTF_8)) {
			for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
				if (entry.isDirectory()) {
					continue;
				}
				byte[] content = zip.readAllBytes();
				if (entry.getName().startsWith(THIRD_PARTY)) {
					writeWithChecksum(this.repository.path(entry.getName()), content);
				}
				else {
					write(this.name.in(entry.getName()), named(content));
					own++;
				}
			}
		}
		for (MavenRepository.Metadata metadata : this.repository.metadata()) {
			writeWithChecksum(metadata.path(), metadata.content().getBytes(StandardCharsets.UTF_8));
		}
		return own;
	}

	private void write(String path, byte[] content) throws IOException {
		Path file = this.directory.resolve(path).normalize();
		if (!file.startsWith(this.directory)) {
			throw new IOException("expected: a file of the project, got: " + path);
		}
		Files.createDirectories(file.getParent());
		Files.write(file, content, StandardOpenOption.CREATE_NEW);
		if (Files.getFileStore(file).supportsFileAttributeView(PosixFileAttributeView.class)) {
			// Whatever the umask is: the gateway takes no plugin that others may write.
			Files.setPosixFilePermissions(file,
					PosixFilePermissions.fromString(isProgram(path) ? "rwxr-xr-x" : "rw-r--r--"));
		}
	}

	private void writeWithChecksum(String path, byte[] content) throws IOException {
		write(path, content);
		String checksum = MavenRepository.checksum(path, content);
		if (checksum != null) {
			write(path + ".sha1", checksum.getBytes(StandardCharsets.US_ASCII));
		}
	}

	private static boolean isProgram(String path) {
		String file = path.substring(path.lastIndexOf('/') + 1);
		return !path.startsWith(THIRD_PARTY) && (file.startsWith("hkp-plugin-") || file.endsWith(".sh"));
	}

	/** What is no text stays as it is. */
	private byte[] named(byte[] content) {
		try {
			String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
			return this.name.in(text).replace("@SDK_VERSION@", this.version).getBytes(StandardCharsets.UTF_8);
		}
		catch (CharacterCodingException ex) {
			return content;
		}
	}

}
