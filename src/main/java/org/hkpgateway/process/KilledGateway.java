package org.hkpgateway.process;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a gateway leaves that is killed: its plugins die with it, but not the processes
 * that they have started. The next gateway ends those.
 */
final class KilledGateway {

	private static final Logger log = LoggerFactory.getLogger(KilledGateway.class);

	private static final Duration LIMIT = Duration.ofSeconds(5);

	private KilledGateway() {
	}

	/**
	 * Kills the processes of launches, and logs which. Blocks until they have ended, for
	 * some seconds at most.
	 * @param launches socket directories that a gateway has made which is dead
	 * @param asUser what runs a command as another user
	 */
	static void endProcesses(List<Path> launches, IntFunction<List<String>> asUser) {
		MarkedProcesses.Result result = new MarkedProcesses(launches, asUser).kill(LIMIT);
		if (!result.killed().isEmpty()) {
			log.warn("Killed {} processes that plugins of a killed gateway had started and that outlived it: {}",
					result.killed().size(), result.killed());
		}
		if (!result.left().isEmpty()) {
			log.warn("Not ended within {} ms after SIGKILL: {}", LIMIT.toMillis(), result.left());
		}
		if (!result.silent().isEmpty()) {
			log.warn(
					"Not found out within {} ms whether processes of users {} were started by plugins of a killed "
							+ "gateway: expected: an answer by setpriv and grep, got: none; look for them with ps",
					LIMIT.toMillis(), result.silent());
		}
	}

	/**
	 * Does the same for gateways of this user that had no runtime directory configured,
	 * and removes the ones that they had made.
	 * @param parent where those are made
	 * @param names a glob for their names
	 */
	static void removeFresh(Path parent, String names, IntFunction<List<String>> asUser) {
		try (DirectoryStream<Path> all = Files.newDirectoryStream(parent, names)) {
			for (Path each : all) {
				removeIfLeft(each, asUser);
			}
		}
		catch (IOException | DirectoryIteratorException ex) {
			// One may write there without being allowed to list it.
			log.debug("Not examined: {}", ex.toString());
		}
	}

	private static void removeIfLeft(Path directory, IntFunction<List<String>> asUser) {
		try (RuntimeLock lock = claim(directory)) {
			if (lock != null) {
				log.info("Removing {}, left by a gateway that was killed", directory);
				endProcesses(lock.left(), asUser);
				TreeRemoval.remove(directory);
			}
		}
		catch (IOException ex) {
			log.debug("Not removed: {}", ex.toString());
		}
	}

	private static @Nullable RuntimeLock claim(Path directory) throws IOException {
		if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)
				|| Ownership.owner(directory) != Ownership.self()) {
			return null;
		}
		Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS);
		boolean shared = permissions.contains(PosixFilePermission.GROUP_WRITE)
				|| permissions.contains(PosixFilePermission.OTHERS_WRITE);
		// Nothing in it could be believed.
		return shared ? null : RuntimeLock.claimLeft(directory);
	}

}
