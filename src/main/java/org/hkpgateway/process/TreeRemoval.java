package org.hkpgateway.process;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.util.Objects;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * Removes directories that a plugin could write, while another process of the plugin's
 * user may still be there: a directory that turns into a link after it was looked at must
 * not lead a gateway that runs as root to somebody else's files. So each directory is
 * opened once, from the one that holds it and never through a link, and what is removed
 * is removed from that very directory.
 */
final class TreeRemoval {

	/** Each level holds a file descriptor. */
	private static final int DEEPEST = 64;

	private final Consumer<Path> entering;

	private @Nullable IOException failure;

	private TreeRemoval(Consumer<Path> entering) {
		this.entering = entering;
	}

	/**
	 * Removes a directory and all that is in it, or a link but not what it leads to.
	 * Removes as much as it can. Does nothing if there is nothing.
	 * @param tree in a directory that only the gateway can write
	 * @throws IOException the first failure, if something is left
	 */
	static void remove(Path tree) throws IOException {
		remove(tree, (directory) -> {
		});
	}

	/**
	 * The same.
	 * @param entering called with the name of each directory between the moment when it
	 * was found to be one and the moment when it is opened, for tests
	 */
	static void remove(Path tree, Consumer<Path> entering) throws IOException {
		Path parent = Objects.requireNonNull(tree.toAbsolutePath().getParent(), "not the root");
		TreeRemoval removal = new TreeRemoval(entering);
		try (DirectoryStream<Path> stream = Files.newDirectoryStream(parent)) {
			if (stream instanceof SecureDirectoryStream<Path> secure) {
				removal.remove(secure, tree.getFileName(), 0);
			}
			else {
				// Where there are no users for plugins either.
				removeByPath(tree);
			}
		}
		catch (NoSuchFileException ex) {
			return;
		}
		if (removal.failure != null) {
			throw removal.failure;
		}
	}

	private void remove(SecureDirectoryStream<Path> parent, Path name, int depth) {
		try {
			BasicFileAttributeView view = parent.getFileAttributeView(name, BasicFileAttributeView.class,
					LinkOption.NOFOLLOW_LINKS);
			if (!view.readAttributes().isDirectory()) {
				parent.deleteFile(name);
				return;
			}
			if (depth == DEEPEST) {
				throw new IOException("deeper than " + DEEPEST + " directories: " + name);
			}
			this.entering.accept(name);
			try (SecureDirectoryStream<Path> directory = parent.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
				directory.forEach((each) -> remove(directory, each.getFileName(), depth + 1));
			}
			parent.deleteDirectory(name);
		}
		catch (NoSuchFileException ex) {
			// Somebody else was faster.
		}
		catch (DirectoryIteratorException ex) {
			failed(new IOException(ex));
		}
		catch (IOException ex) {
			failed(ex);
		}
	}

	private static void removeByPath(Path tree) throws IOException {
		if (Files.isDirectory(tree, LinkOption.NOFOLLOW_LINKS)) {
			try (DirectoryStream<Path> directory = Files.newDirectoryStream(tree)) {
				for (Path each : directory) {
					removeByPath(each);
				}
			}
		}
		Files.deleteIfExists(tree);
	}

	private void failed(IOException ex) {
		this.failure = (this.failure != null) ? this.failure : ex;
	}

}
