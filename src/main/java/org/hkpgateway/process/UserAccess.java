package org.hkpgateway.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;

/**
 * Whether a plugin's own user can reach what it needs. Tried as that user, because
 * permissions are more than mode bits.
 */
final class UserAccess {

	private static final String SCRIPT = "for p; do test -x \"$p\" && { test ! -d \"$p\" || test -r \"$p\"; } "
			+ "|| { echo \"$p\"; exit 1; }; done";

	private UserAccess() {
	}

	/**
	 * Tries. Blocks for some seconds at most. Finds nothing when interrupted: the launch
	 * will fail of that.
	 * @param wrapper runs a command as the plugin's user
	 * @throws PluginStartException if something cannot be read and executed
	 */
	static void check(PluginSpec spec, PluginSource.Launched source, PluginEnvironment.LaunchDirectories directories,
			int uid, List<String> wrapper) {
		List<String> command = new ArrayList<>(wrapper);
		command.addAll(List.of("sh", "-c", SCRIPT, "sh", source.directory().toString(), source.executable().toString(),
				directories.sockets().toString(), directories.data().toString()));
		String failure = Programs.failure(command);
		if (failure != null && !Thread.currentThread().isInterrupted()) {
			throw new PluginStartException(spec.id(), "expected: files that its user " + uid
					+ " (hkp.plugins.uid-range) can read and execute, got: no access to " + failure + obstacle(failure)
					+ "; change the permissions, for example with chmod -R o+rX; executable: "
					+ ExecutableFile.describe(source.executable()));
		}
	}

	/** The first directory on the way that keeps others out. */
	private static String obstacle(String text) {
		Path file = Path.of(text);
		if (!file.isAbsolute()) {
			return "";
		}
		for (int count = 1; count <= file.getNameCount(); count++) {
			Path each = Path.of("/").resolve(file.subpath(0, count));
			try {
				PosixFileAttributes attributes = Files.readAttributes(each, PosixFileAttributes.class);
				if (!attributes.permissions().contains(PosixFilePermission.OTHERS_EXECUTE)) {
					return " because of " + each + " (mode " + PosixFilePermissions.toString(attributes.permissions())
							+ ", owner " + attributes.owner() + ")";
				}
			}
			catch (IOException ex) {
				return " because of " + ex;
			}
		}
		return "";
	}

}
