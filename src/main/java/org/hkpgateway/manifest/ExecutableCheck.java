package org.hkpgateway.manifest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * Decides whether a plugin's executable may be run: whoever can replace it runs code as
 * the gateway's user.
 */
final class ExecutableCheck {

	private static final Set<PosixFilePermission> EXECUTE = Set.of(PosixFilePermission.OWNER_EXECUTE,
			PosixFilePermission.GROUP_EXECUTE, PosixFilePermission.OTHERS_EXECUTE);

	private final FileTrust trust;

	ExecutableCheck(FileTrust trust) {
		this.trust = trust;
	}

	/**
	 * Resolves an executable.
	 * @param directory real path of the plugin's directory
	 * @param name as the manifest names it, or its file name
	 * @param spot where faults go
	 * @return its real path, or null after an error
	 */
	@Nullable Path resolve(Path directory, String name, Spot spot) {
		Path named;
		Path real;
		try {
			named = directory.resolve(name).normalize();
			real = named.toRealPath();
		}
		catch (InvalidPathException ex) {
			spot.error("expected: a path, got: " + ex.getMessage());
			return null;
		}
		catch (IOException ex) {
			spot.error(
					"expected: an executable file '" + name + "' in " + directory + ", got: " + PluginFiles.reason(ex));
			return null;
		}
		if (!named.startsWith(directory) || !real.startsWith(directory)) {
			spot.error("expected: a file inside the plugin's own directory " + directory + ", got: '" + name
					+ "', which is " + real);
			return null;
		}
		return checkFile(real, spot) ? real : null;
	}

	private boolean checkFile(Path file, Spot spot) {
		if (!Files.isRegularFile(file)) {
			spot.error("expected: a regular file, got: " + file
					+ (Files.isDirectory(file) ? ", a directory" : ", a special file"));
			return false;
		}
		try {
			return FileTrust.applies(file) ? checkMode(file, spot) : checkLoosely(file, spot);
		}
		catch (IOException ex) {
			spot.error(file + " cannot be checked: " + PluginFiles.reason(ex));
			return false;
		}
	}

	private boolean checkMode(Path file, Spot spot) throws IOException {
		Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
		if (permissions.stream().noneMatch(EXECUTE::contains) || !Files.isExecutable(file)) {
			spot.error("expected: an executable file, got: " + file + " with mode "
					+ PosixFilePermissions.toString(permissions) + "; run: chmod 755 " + file);
			return false;
		}
		return this.trust.checkExecutable(file, spot);
	}

	private static boolean checkLoosely(Path file, Spot spot) {
		if (!Files.isExecutable(file)) {
			spot.error("expected: an executable file, got: " + file);
			return false;
		}
		spot.notice("the file system has no owners and modes, so it was not checked whether others can change " + file);
		return true;
	}

}
