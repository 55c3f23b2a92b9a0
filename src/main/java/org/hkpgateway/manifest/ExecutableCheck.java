package org.hkpgateway.manifest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collection;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * Decides whether a plugin's executable may be run: whoever can replace it runs code as
 * the gateway's user.
 */
final class ExecutableCheck {

	private static final Set<PosixFilePermission> OTHERS_WRITE = Set.of(PosixFilePermission.GROUP_WRITE,
			PosixFilePermission.OTHERS_WRITE);

	private static final Set<PosixFilePermission> EXECUTE = Set.of(PosixFilePermission.OWNER_EXECUTE,
			PosixFilePermission.GROUP_EXECUTE, PosixFilePermission.OTHERS_EXECUTE);

	private final TrustedOwners owners;

	ExecutableCheck(TrustedOwners owners) {
		this.owners = owners;
	}

	/**
	 * Resolves an executable.
	 * @param directory real path of the plugin's directory
	 * @param name as the manifest names it
	 * @param line where it does
	 * @param findings where faults go
	 * @return its real path, or null after an error
	 */
	@Nullable Path resolve(Path directory, String name, int line, Findings findings) {
		Path named;
		Path real;
		try {
			named = directory.resolve(name).normalize();
			real = named.toRealPath();
		}
		catch (InvalidPathException ex) {
			findings.error(line, "plugin.executable: expected: a path, got: " + ex.getMessage());
			return null;
		}
		catch (IOException ex) {
			findings.error(line, "plugin.executable: expected: an executable file '" + name + "' in " + directory
					+ ", got: " + ManifestFiles.reason(ex));
			return null;
		}
		if (!named.startsWith(directory) || !real.startsWith(directory)) {
			findings.error(line, "plugin.executable: expected: a file inside the plugin's own directory " + directory
					+ ", got: '" + name + "', which is " + real);
			return null;
		}
		return checkFile(real, line, findings) ? real : null;
	}

	private boolean checkFile(Path file, int line, Findings findings) {
		if (!Files.isRegularFile(file)) {
			findings.error(line, "plugin.executable: expected: a regular file, got: " + file
					+ (Files.isDirectory(file) ? ", a directory" : ", a special file"));
			return false;
		}
		try {
			return file.getFileSystem().supportedFileAttributeViews().contains("unix")
					? checkOwnership(file, line, findings) : checkLoosely(file, line, findings);
		}
		catch (IOException ex) {
			findings.error(line, "plugin.executable: " + file + " cannot be checked: " + ManifestFiles.reason(ex));
			return false;
		}
	}

	private boolean checkOwnership(Path file, int line, Findings findings) throws IOException {
		Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
		String mode = PosixFilePermissions.toString(permissions);
		if (!containsAny(permissions, EXECUTE) || !Files.isExecutable(file)) {
			findings.error(line, "plugin.executable: expected: an executable file, got: " + file + " with mode " + mode
					+ "; run: chmod 755 " + file);
			return false;
		}
		if (containsAny(permissions, OTHERS_WRITE)) {
			findings.error(line, "plugin.executable: expected: a file that only its owner can write, got: " + file
					+ " with mode " + mode + "; run: chmod go-w " + file);
			return false;
		}
		int uid = (Integer) Files.getAttribute(file, "unix:uid");
		if (!this.owners.contains(uid)) {
			findings.error(line, "plugin.executable: expected: a file owned by root or by the gateway's user, got: "
					+ file + " owned by uid " + uid + "; run: chown root " + file);
			return false;
		}
		return true;
	}

	private static boolean checkLoosely(Path file, int line, Findings findings) {
		if (!Files.isExecutable(file)) {
			findings.error(line, "plugin.executable: expected: an executable file, got: " + file);
			return false;
		}
		findings.notice(line, "plugin.executable: the file system has no owners and modes, so it was not checked "
				+ "whether others can change " + file);
		return true;
	}

	private static boolean containsAny(Set<PosixFilePermission> permissions, Collection<PosixFilePermission> some) {
		return some.stream().anyMatch(permissions::contains);
	}

}
