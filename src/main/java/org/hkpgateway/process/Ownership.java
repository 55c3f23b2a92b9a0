package org.hkpgateway.process;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * Users of files and processes, and how directories become a plugin's.
 */
final class Ownership {

	private Ownership() {
	}

	/**
	 * Gives away a directory and what is in it. Links are not followed. A file that did
	 * not belong to the directory's former owner stays whose it is: a plugin could have
	 * made a hard link to a file of somebody else.
	 */
	static void give(Path directory, int uid) throws IOException {
		int former = owner(directory);
		if (former == uid) {
			return;
		}
		Files.walkFileTree(directory, new SimpleFileVisitor<>() {

			@Override
			public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
				change(file, former, uid);
				return FileVisitResult.CONTINUE;
			}

			@Override
			public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
				if (failure instanceof NoSuchFileException) {
					return FileVisitResult.CONTINUE;
				}
				throw failure;
			}

			@Override
			public FileVisitResult preVisitDirectory(Path each, BasicFileAttributes attributes) throws IOException {
				if (!each.equals(directory)) {
					change(each, former, uid);
				}
				return FileVisitResult.CONTINUE;
			}

		});
		// Last: were it first, an interrupted change would never be completed.
		change(directory, former, uid);
	}

	private static void change(Path file, int former, int uid) throws IOException {
		if (owner(file) == former) {
			Files.setAttribute(file, "unix:gid", uid, LinkOption.NOFOLLOW_LINKS);
			Files.setAttribute(file, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
		}
	}

	/** The user of this process. */
	static int self() throws IOException {
		Path own = Path.of("/proc/self");
		if (Files.exists(own)) {
			return (Integer) Files.getAttribute(own, "unix:uid");
		}
		Path made = Files.createTempFile("hkp", null);
		try {
			return owner(made);
		}
		finally {
			Files.delete(made);
		}
	}

	/** The user whose a file is, or the link if it is one. */
	static int owner(Path file) throws IOException {
		return (Integer) Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS);
	}

}
