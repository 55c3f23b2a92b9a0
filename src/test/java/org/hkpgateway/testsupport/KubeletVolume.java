package org.hkpgateway.testsupport;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.UUID;

import org.springframework.util.FileSystemUtils;

/**
 * A directory as the kubelet makes it of a ConfigMap or a Secret: its files are links
 * through {@code ..data}, which is a link to a directory that is never changed. To change
 * anything another one is made, {@code ..data} is replaced at one go, and the old one is
 * removed.
 */
public final class KubeletVolume {

	private static final String DATA = "..data";

	private final Path directory;

	/**
	 * An empty one.
	 * @param directory is made if need be
	 */
	public KubeletVolume(Path directory) throws IOException {
		this.directory = Files.createDirectories(directory);
	}

	/**
	 * Puts these files in the place of all others.
	 * @param files contents by name
	 */
	public void publish(Map<String, String> files) throws IOException {
		Path data = this.directory.resolve(DATA);
		Path before = Files.exists(data) ? data.toRealPath() : null;
		Path next = Files.createDirectory(this.directory.resolve("..2026_11_29_" + UUID.randomUUID()));
		for (Map.Entry<String, String> file : files.entrySet()) {
			Files.writeString(next.resolve(file.getKey()), file.getValue());
		}
		Path link = Files.createSymbolicLink(this.directory.resolve("..data_tmp"), next.getFileName());
		Files.move(link, data, StandardCopyOption.ATOMIC_MOVE);
		for (String name : files.keySet()) {
			Path visible = this.directory.resolve(name);
			if (!Files.exists(visible)) {
				Files.createSymbolicLink(visible, Path.of(DATA, name));
			}
		}
		if (before != null) {
			FileSystemUtils.deleteRecursively(before);
		}
	}

}
