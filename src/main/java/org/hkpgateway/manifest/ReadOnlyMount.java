package org.hkpgateway.manifest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Arrays;
import java.util.Set;

import com.sun.security.auth.module.UnixSystem;

/**
 * Recognizes what is mounted read-only. Not by {@code FileStore.isReadOnly}, which takes
 * a bind mount for the file system that it is a part of.
 */
final class ReadOnlyMount {

	private ReadOnlyMount() {
	}

	/**
	 * Whether nothing can be written although the mode allows it to this process: then it
	 * is the mount that does not.
	 */
	static boolean holds(Path path) throws IOException {
		return permitted(path) && !Files.isWritable(path);
	}

	private static boolean permitted(Path path) throws IOException {
		Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(path);
		UnixSystem self = new UnixSystem();
		if (self.getUid() == (Integer) Files.getAttribute(path, "unix:uid")) {
			return permissions.contains(PosixFilePermission.OWNER_WRITE);
		}
		int group = (Integer) Files.getAttribute(path, "unix:gid");
		boolean member = self.getGid() == group || Arrays.stream(self.getGroups()).anyMatch((own) -> own == group);
		return permissions.contains(member ? PosixFilePermission.GROUP_WRITE : PosixFilePermission.OTHERS_WRITE);
	}

}
