package org.hkpgateway.testsupport;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Jars without their signatures. An archive of classes holds none of a signed jar, and
 * each JVM would check the digests of those that it loads.
 */
public final class UnsignedJars {

	private UnsignedJars() {
	}

	/** Tells whether a file is a jar with a signature. */
	public static boolean signed(Path file) throws IOException {
		if (!file.toString().endsWith(".jar") || !Files.isRegularFile(file)) {
			return false;
		}
		try (ZipFile jar = new ZipFile(file.toFile())) {
			return jar.stream().anyMatch((entry) -> entry.getName().matches("META-INF/[^/]+\\.SF"));
		}
	}

	/** Copies a jar, and leaves its signature behind. */
	public static void copy(Path signed, Path target) throws IOException {
		try (ZipFile jar = new ZipFile(signed.toFile());
				ZipOutputStream output = new ZipOutputStream(Files.newOutputStream(target))) {
			Enumeration<? extends ZipEntry> entries = jar.entries();
			while (entries.hasMoreElements()) {
				ZipEntry entry = entries.nextElement();
				if (!entry.getName().matches("META-INF/[^/]+\\.(SF|RSA|DSA|EC)")) {
					output.putNextEntry(new ZipEntry(entry.getName()));
					output.write(jar.getInputStream(entry).readAllBytes());
					output.closeEntry();
				}
			}
		}
	}

}
