package org.hkpgateway.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;

/**
 * The checksum that an operator pinned an executable to.
 * <p>
 * The file is read just before each launch, and opened again by the kernel to be
 * executed. Whoever can write the file or its directory can exchange it in between: the
 * pin finds out what was changed by accident, by an update or before; it does not replace
 * the permissions of the plugin's directory. It says nothing of other files that the
 * executable loads.
 */
final class ExecutablePin {

	private ExecutablePin() {
	}

	/**
	 * Compares, if there is a pin. Reads the whole file.
	 * @throws PluginStartException if it is another file
	 */
	static void check(PluginSpec spec, PluginSource.Launched source) {
		String expected = source.sha256();
		if (expected == null) {
			return;
		}
		String key = "hkp.plugins.settings." + spec.id() + ".sha256";
		String got;
		try {
			got = sha256(source.executable());
		}
		catch (IOException ex) {
			throw new PluginStartException(spec.id(), key + ": expected: an executable that can be read, got: " + ex
					+ "; executable: " + ExecutableFile.describe(source.executable()), ex);
		}
		if (!got.equals(expected)) {
			throw new PluginStartException(spec.id(), key + ": expected: " + expected + ", got: " + got
					+ "; if the new file is wanted, change the setting, else find out who changed it; executable: "
					+ ExecutableFile.describe(source.executable()));
		}
	}

	private static String sha256(Path file) throws IOException {
		try (InputStream input = Files.newInputStream(file)) {
			MessageDigest digest = MessageDigest.getInstance("SHA-256");
			new DigestInputStream(input, digest).transferTo(OutputStream.nullOutputStream());
			return HexFormat.of().formatHex(digest.digest());
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("every Java has SHA-256", ex);
		}
	}

}
