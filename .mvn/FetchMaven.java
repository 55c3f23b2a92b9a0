// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLConnection;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * Makes sure that Maven {@value #VERSION} is installed in the user's cache, and prints the path of its
 * {@code mvn} on standard output (everything else goes to standard error). Run by {@code mvnw} as
 * {@code java .mvn/FetchMaven.java}; it needs nothing but a JDK 17.
 *
 * <p>Environment:
 * <ul>
 * <li>{@code HKP_MAVEN_HOME}: the directory that holds the installation, by default
 * {@code $HOME/.cache/hkp-gateway}.
 * <li>{@code HKP_MAVEN_URL}: where to take the zip from instead of the Apache archive: an
 * {@code https:}, {@code http:} or {@code file:} URL, for a mirror, or a copy brought by hand.
 * <li>{@code HKP_MAVEN_SHA512}: the checksum to expect of the zip instead of Apache's; only together with
 * {@code HKP_MAVEN_URL}, for a repackaged Maven or a test. What was installed with it stays in use:
 * give it an {@code HKP_MAVEN_HOME} of its own.
 * </ul>
 */
public final class FetchMaven {

	private static final String VERSION = "3.9.9";
	private static final String NAME = "apache-maven-" + VERSION;
	private static final String ARCHIVE_URL = "https://archive.apache.org/dist/maven/maven-3/" + VERSION
			+ "/binaries/" + NAME + "-bin.zip";
	private static final String ARCHIVE_SHA512 = "8beac8d11ef208f1e2a8df0682b9448a9a363d2ad13ca74af43705549e72e74c"
			+ "9378823bf689287801cbbfc2f6ea9596201d19ccacfdfb682ee8a2ff4c4418ba";

	private static final Duration CONNECT_LIMIT = Duration.ofSeconds(20);
	private static final Duration READ_LIMIT = Duration.ofSeconds(30);
	private static final Duration DOWNLOAD_LIMIT = Duration.ofMinutes(10);
	private static final long SIZE_LIMIT = 64L << 20;

	private static final String TEMP_PREFIX = ".fetch-maven-";
	private static final Duration TEMP_STALE = Duration.ofDays(1);

	private static final String BY_HAND = "run again later; behind a proxy set"
			+ " JAVA_TOOL_OPTIONS='-Dhttps.proxyHost=HOST -Dhttps.proxyPort=PORT'; or get " + NAME
			+ "-bin.zip in another way and set HKP_MAVEN_URL to its file: URL";

	/** Held while names are made below the temporary directory, so that the clean-up sees all of them. */
	private static final Object LOCK = new Object();
	private static Path temp;
	private static boolean stopping;

	/** A failure told as what was expected, what came instead, and what to do. */
	private static final class Failure extends Exception {
		private static final long serialVersionUID = 1L;

		Failure(String expected, Object came, String remedy) {
			super("expected: " + expected + "\n  came:     " + came + "\n  to do:    " + remedy);
		}
	}

	private FetchMaven() {
	}

	public static void main(String[] args) {
		// The one place that cleans up: it also runs on an interrupt or a termination signal.
		Runtime.getRuntime().addShutdownHook(new Thread(FetchMaven::cleanUp));
		int status = 1;
		try {
			System.out.println(install());
			status = 0;
		}
		catch (Failure e) {
			say("cannot provide Maven " + VERSION + "\n  " + e.getMessage());
		}
		catch (IOException | RuntimeException e) {
			say("cannot provide Maven " + VERSION + "\n  " + new Failure(
					"a directory to write to, with about 30 MB free", e,
					"check the file or directory named above, or set HKP_MAVEN_HOME to another directory")
							.getMessage());
		}
		System.exit(status);
	}

	private static Path install() throws Failure, IOException {
		Path parent = parent();
		Path home = parent.resolve(NAME);
		Path mvn = home.resolve("bin").resolve("mvn");
		if (isProgram(mvn)) {
			return mvn;
		}
		if (Files.exists(home)) {
			throw damaged(home);
		}
		URI url = url();
		String sha512 = sha512();
		Files.createDirectories(parent);
		deleteStale(parent);
		Path zip;
		synchronized (LOCK) {
			checkStopping();
			temp = Files.createTempDirectory(parent, TEMP_PREFIX);
			zip = Files.createFile(temp.resolve("maven.zip"));
		}
		say("installing Maven " + VERSION + " in " + home + " from " + shown(url));
		String actual = download(url, zip);
		if (!actual.equals(sha512)) {
			throw new Failure("a file with SHA-512 " + sha512 + " at " + shown(url),
					"SHA-512 " + actual + " (" + Files.size(zip) + " bytes; deleted)",
					"do not use that file: it is incomplete, another version, or tampered with; "
							+ (env("HKP_MAVEN_URL") == null ? BY_HAND
									: "check HKP_MAVEN_URL and run again, or unset it to use the Apache archive"));
		}
		unzip(zip, temp);
		Path unzipped = temp.resolve(NAME);
		if (!isProgram(unzipped.resolve("bin").resolve("mvn"))) {
			throw new Failure("a zip with " + NAME + "/bin/mvn", "one without, from " + shown(url),
					"check HKP_MAVEN_URL and HKP_MAVEN_SHA512");
		}
		synchronized (LOCK) {
			checkStopping();
			try {
				Files.move(unzipped, home, StandardCopyOption.ATOMIC_MOVE);
			}
			catch (IOException e) {
				// Another run may have been first: its installation is as good.
				if (!isProgram(mvn)) {
					throw e;
				}
			}
		}
		return mvn;
	}

	private static boolean isProgram(Path path) {
		return Files.isRegularFile(path) && Files.isExecutable(path);
	}

	private static Path parent() throws Failure {
		String set = env("HKP_MAVEN_HOME");
		String user = env("HOME");
		if (set == null && user == null) {
			throw new Failure("HKP_MAVEN_HOME or HOME in the environment", "neither",
					"set HKP_MAVEN_HOME to a directory to install Maven in");
		}
		try {
			Path path = set != null ? Path.of(set) : Path.of(user, ".cache", "hkp-gateway");
			return path.toAbsolutePath().normalize();
		}
		catch (InvalidPathException e) {
			throw new Failure("a path that the current locale can express in HKP_MAVEN_HOME or HOME", e.getMessage(),
					"set HKP_MAVEN_HOME to another path, or LC_ALL to a UTF-8 locale");
		}
	}

	private static URI url() throws Failure {
		String set = env("HKP_MAVEN_URL");
		try {
			URI url = new URI(set == null ? ARCHIVE_URL : set);
			if (isFile(url)) {
				Path.of(url);
				return url;
			}
			String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
			if (List.of("http", "https").contains(scheme) && url.getHost() != null) {
				return url;
			}
		}
		catch (URISyntaxException | IllegalArgumentException e) {
			// Told below; the exception's message would repeat the URL, and with it a password in it.
		}
		throw new Failure("an https:, http: or file: URL with an absolute path in HKP_MAVEN_URL",
				"something else (not shown: it may hold a password)",
				"set it like https://mirror.example/" + NAME + "-bin.zip or file:///some/where/" + NAME
						+ "-bin.zip, or unset it");
	}

	private static boolean isFile(URI url) {
		return "file".equalsIgnoreCase(url.getScheme());
	}

	private static String sha512() throws Failure {
		String set = env("HKP_MAVEN_SHA512");
		if (set == null) {
			return ARCHIVE_SHA512;
		}
		if (env("HKP_MAVEN_URL") == null) {
			throw new Failure("HKP_MAVEN_SHA512 only together with HKP_MAVEN_URL", "it alone",
					"unset HKP_MAVEN_SHA512, or set HKP_MAVEN_URL too");
		}
		String sum = set.toLowerCase(Locale.ROOT);
		if (!sum.matches("[0-9a-f]{128}")) {
			throw new Failure("128 hexadecimal digits in HKP_MAVEN_SHA512", "'" + set + "'",
					"set it to what `sha512sum` prints for the zip, or unset it");
		}
		return sum;
	}

	/** Downloads to the file and returns the content's SHA-512. */
	private static String download(URI url, Path file) throws Failure, IOException {
		MessageDigest digest;
		try {
			digest = MessageDigest.getInstance("SHA-512");
		}
		catch (NoSuchAlgorithmException e) {
			throw new IllegalStateException(e);
		}
		try (OutputStream out = Files.newOutputStream(file)) {
			long start = System.nanoTime();
			long size = 0;
			byte[] buffer = new byte[1 << 16];
			try (InputStream in = open(url)) {
				for (int n; (n = read(in, buffer, url)) >= 0;) {
					size += n;
					long seconds = Duration.ofNanos(System.nanoTime() - start).toSeconds();
					if (size > SIZE_LIMIT || seconds > DOWNLOAD_LIMIT.toSeconds()) {
						throw new Failure(
								"at most " + SIZE_LIMIT + " bytes in " + DOWNLOAD_LIMIT.toMinutes() + " minutes from "
										+ shown(url),
								size + " bytes in " + seconds + " seconds, and more to come", BY_HAND);
					}
					digest.update(buffer, 0, n);
					out.write(buffer, 0, n);
				}
			}
		}
		return HexFormat.of().formatHex(digest.digest());
	}

	private static InputStream open(URI url) throws Failure {
		try {
			if (isFile(url)) {
				return Files.newInputStream(Path.of(url));
			}
			URLConnection connection = url.toURL().openConnection();
			connection.setConnectTimeout((int) CONNECT_LIMIT.toMillis());
			connection.setReadTimeout((int) READ_LIMIT.toMillis());
			int status = ((HttpURLConnection) connection).getResponseCode();
			if (status != HttpURLConnection.HTTP_OK) {
				throw new Failure("HTTP status 200 from " + shown(url), "status " + status, BY_HAND);
			}
			return connection.getInputStream();
		}
		catch (IOException e) {
			throw unreadable(url, e);
		}
	}

	private static int read(InputStream in, byte[] buffer, URI url) throws Failure {
		try {
			return in.read(buffer);
		}
		catch (IOException e) {
			throw unreadable(url, e);
		}
	}

	private static Failure unreadable(URI url, IOException e) {
		if (isFile(url)) {
			return new Failure("a readable file at " + shown(url), e, "check HKP_MAVEN_URL");
		}
		return new Failure("the file at " + shown(url) + " (connection within " + CONNECT_LIMIT.toSeconds()
				+ " s, no pause over " + READ_LIMIT.toSeconds() + " s)", e, BY_HAND);
	}

	private static void unzip(Path zip, Path directory) throws Failure, IOException {
		Path root = directory.resolve(NAME);
		try (ZipFile file = new ZipFile(zip.toFile())) {
			for (ZipEntry entry : Collections.list(file.entries())) {
				Path target = directory.resolve(entry.getName()).normalize();
				if (!target.startsWith(root)) {
					throw new Failure("a zip with nothing outside " + NAME + "/", "entry '" + entry.getName() + "'",
							"do not use that zip; check HKP_MAVEN_URL and HKP_MAVEN_SHA512");
				}
				synchronized (LOCK) {
					checkStopping();
					if (entry.isDirectory()) {
						Files.createDirectories(target);
						continue;
					}
					Files.createDirectories(target.getParent());
					try (InputStream in = file.getInputStream(entry)) {
						Files.copy(in, target);
					}
					if (target.equals(root.resolve("bin").resolve("mvn"))
							&& !target.toFile().setExecutable(true, false)) {
						throw new IOException("cannot make executable: " + target);
					}
				}
			}
		}
		catch (ZipException e) {
			throw new Failure("a zip file", e.getMessage(), "check HKP_MAVEN_URL and HKP_MAVEN_SHA512");
		}
	}

	private static Failure damaged(Path home) {
		return new Failure("no " + home + ", or a whole Maven in it", "one without an executable bin/mvn",
				"delete that directory and run again");
	}

	/** The URL without user, password and query, which may be secret. */
	private static String shown(URI url) {
		return url.getHost() == null ? url.getScheme() + ":" + url.getPath()
				: url.getScheme() + "://" + url.getHost() + (url.getPort() < 0 ? "" : ":" + url.getPort())
						+ url.getPath();
	}

	private static String env(String name) {
		String value = System.getenv(name);
		return value == null || value.isBlank() ? null : value;
	}

	private static void say(String message) {
		System.err.println("mvnw: " + message);
	}

	private static void checkStopping() throws Failure {
		if (stopping) {
			throw new Failure("to go on", "a request to stop", "run again");
		}
	}

	private static void cleanUp() {
		synchronized (LOCK) {
			stopping = true;
			try {
				if (temp != null) {
					delete(temp);
				}
			}
			catch (IOException | UncheckedIOException e) {
				say("cannot delete the temporary directory " + temp + ": " + e + "; please delete it");
			}
		}
	}

	/** Deletes what runs that were killed have left. */
	private static void deleteStale(Path parent) throws IOException {
		long limit = Instant.now().minus(TEMP_STALE).toEpochMilli();
		try (DirectoryStream<Path> left = Files.newDirectoryStream(parent, TEMP_PREFIX + "*")) {
			for (Path path : left) {
				if (path.toFile().lastModified() < limit) {
					try {
						delete(path);
					}
					catch (IOException | UncheckedIOException e) {
						// Another run may be deleting it too; otherwise the next run tries again.
					}
				}
			}
		}
	}

	private static void delete(Path tree) throws IOException {
		try (Stream<Path> paths = Files.walk(tree)) {
			for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
				Files.deleteIfExists(path);
			}
		}
	}
}
