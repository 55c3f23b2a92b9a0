package org.hkpgateway.manifest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * Decides whether somebody else can change a plugin: whoever can, runs code as the
 * gateway's user. What must be trusted is owned by root or by that user and written by
 * its owner alone. Three cases are spared that are common and harmless:
 * <ul>
 * <li>write permission for a group that is the owner's private one (a umask of 002),
 * except for executables;</li>
 * <li>directories on a read-only mount: Kubernetes makes those of a ConfigMap writable
 * for all;</li>
 * <li>what lies above the configured directories, which the operator chose.</li>
 * </ul>
 * The sticky bit spares nothing: who can add a file beside a plugin can be loaded by it,
 * and who can add a directory can take a plugin's name.
 */
final class FileTrust {

	private final TrustedOwners owners;

	private final ReadOnly readOnly;

	FileTrust(TrustedOwners owners) {
		this(owners, ReadOnlyMount::holds);
	}

	FileTrust(TrustedOwners owners, ReadOnly readOnly) {
		this.owners = owners;
		this.readOnly = readOnly;
	}

	/** Whether the file system has owners and modes at all. */
	static boolean applies(Path file) {
		return file.getFileSystem().supportedFileAttributeViews().contains("unix");
	}

	/** Checks an executable; false after an error. */
	boolean checkExecutable(Path real, Spot spot) throws IOException {
		Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(real);
		return report(fault(real, "a file", groupWrites(permissions) || othersWrite(permissions)), spot);
	}

	/**
	 * Checks a plugin's directory, those above it up to the configured one, and those
	 * between it and its files.
	 * @param root the configured directory
	 * @param directory real path of the plugin's own
	 * @param files real paths of files inside {@code directory}
	 * @param spot where faults go
	 */
	void checkDirectories(Path root, Path directory, List<Path> files, Spot spot) {
		if (!applies(directory)) {
			return;
		}
		try {
			Path realRoot = root.toRealPath();
			Set<Path> all = new LinkedHashSet<>(List.of(realRoot, directory));
			addUpTo(realRoot, directory, all);
			files.forEach((file) -> addUpTo(directory, file.getParent(), all));
			for (Path one : all) {
				report(fault(one, "a directory", writable(one) && !this.readOnly.test(one)), spot);
			}
		}
		catch (IOException ex) {
			spot.error("the plugin's directory cannot be checked: " + PluginFiles.reason(ex));
		}
	}

	/** Checks a manifest. */
	void checkManifest(Path real, Spot spot) {
		try {
			if (applies(real)) {
				report(fault(real, "a file", writable(real)), spot);
			}
		}
		catch (IOException ex) {
			spot.error("cannot be checked: " + PluginFiles.reason(ex));
		}
	}

	private static void addUpTo(Path top, @Nullable Path from, Set<Path> all) {
		for (Path step = from; step != null && step.startsWith(top); step = step.getParent()) {
			all.add(step);
		}
	}

	private @Nullable String fault(Path path, String kind, boolean writable) throws IOException {
		if (writable) {
			return "expected: " + kind + " that only its owner can write, got: " + path + " with mode "
					+ PosixFilePermissions.toString(Files.getPosixFilePermissions(path)) + "; run: chmod go-w " + path
					+ (kind.equals("a directory") ? ", or mount it read-only" : "");
		}
		int uid = (Integer) Files.getAttribute(path, "unix:uid");
		if (!this.owners.contains(uid)) {
			return "expected: " + kind + " owned by root or by the gateway's user, got: " + path + " owned by uid "
					+ uid + "; run: chown root " + path;
		}
		return null;
	}

	private static boolean report(@Nullable String fault, Spot spot) {
		if (fault != null) {
			spot.error(fault);
		}
		return fault == null;
	}

	private static boolean writable(Path path) throws IOException {
		Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(path);
		return othersWrite(permissions) || (groupWrites(permissions) && !groupIsPrivate(path));
	}

	/** By the convention of useradd: the same name and the same number as the owner. */
	private static boolean groupIsPrivate(Path path) throws IOException {
		PosixFileAttributes attributes = Files.readAttributes(path, PosixFileAttributes.class);
		return attributes.group().getName().equals(attributes.owner().getName())
				&& Files.getAttribute(path, "unix:gid").equals(Files.getAttribute(path, "unix:uid"));
	}

	private static boolean groupWrites(Set<PosixFilePermission> permissions) {
		return permissions.contains(PosixFilePermission.GROUP_WRITE);
	}

	private static boolean othersWrite(Set<PosixFilePermission> permissions) {
		return permissions.contains(PosixFilePermission.OTHERS_WRITE);
	}

	/** Whether a path is on a read-only mount. */
	@FunctionalInterface
	interface ReadOnly {

		boolean test(Path path) throws IOException;

	}

}
