package org.hkpgateway.cli;

import java.math.BigInteger;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * Where artifacts of a template stand in the Maven repository of a project. A snapshot
 * gets the time in its name: else Maven would go on with the one that it had copied for
 * another project.
 */
final class MavenRepository {

	private static final Pattern ARTIFACT = Pattern.compile("third_party/maven/([a-z-]+)\\.(jar|pom)");

	private static final String SNAPSHOT = "-SNAPSHOT";

	private static final DateTimeFormatter SECONDS = DateTimeFormatter.ofPattern("yyyyMMdd.HHmmss")
		.withZone(ZoneOffset.UTC);

	private final String version;

	private final String fileVersion;

	private final Instant now;

	private final Map<String, Set<String>> snapshots = new TreeMap<>();

	MavenRepository(String version) {
		this(version, Clock.systemUTC());
	}

	MavenRepository(String version, Clock clock) {
		this.version = version;
		this.now = clock.instant();
		this.fileVersion = version.endsWith(SNAPSHOT)
				? version.substring(0, version.length() - SNAPSHOT.length()) + "-" + SECONDS.format(this.now) + "-1"
				: version;
	}

	/**
	 * Where a file of the archive belongs.
	 * @param entry a path of the archive
	 * @return the path in the project; the same for what is no artifact
	 */
	String path(String entry) {
		Matcher artifact = ARTIFACT.matcher(entry);
		if (!artifact.matches()) {
			return entry;
		}
		this.snapshots.computeIfAbsent(artifact.group(1), (name) -> new TreeSet<>()).add(artifact.group(2));
		return directory(artifact.group(1)) + artifact.group(1) + "-" + this.fileVersion + "." + artifact.group(2);
	}

	private String directory(String name) {
		return "third_party/maven/org/hkpgateway/" + name + "/" + this.version + "/";
	}

	/**
	 * What Maven wants to find beside each file, with {@code .sha1} behind its name.
	 * @param path in the project
	 * @param content of the file
	 * @return the checksum; null if the file is none of a repository
	 */
	static @Nullable String checksum(String path, byte[] content) {
		if (!path.startsWith("third_party/maven/org/")) {
			return null;
		}
		try {
			return "%040x".formatted(new BigInteger(1, MessageDigest.getInstance("SHA-1").digest(content)));
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * What tells Maven of snapshots.
	 * @return files, none for a release
	 */
	List<Metadata> metadata() {
		List<Metadata> files = new ArrayList<>();
		if (this.version.endsWith(SNAPSHOT)) {
			this.snapshots.forEach((name, extensions) -> files
				.add(new Metadata(directory(name) + "maven-metadata.xml", content(name, extensions))));
		}
		return files;
	}

	private String content(String name, Set<String> extensions) {
		String updated = SECONDS.format(this.now).replace(".", "");
		StringBuilder versions = new StringBuilder();
		for (String extension : extensions) {
			versions.append("""
					      <snapshotVersion>
					        <extension>%s</extension>
					        <value>%s</value>
					        <updated>%s</updated>
					      </snapshotVersion>
					""".formatted(extension, this.fileVersion, updated));
		}
		return """
				<?xml version="1.0" encoding="UTF-8"?>
				<metadata modelVersion="1.1.0">
				  <groupId>org.hkpgateway</groupId>
				  <artifactId>%s</artifactId>
				  <version>%s</version>
				  <versioning>
				    <snapshot>
				      <timestamp>%s</timestamp>
				      <buildNumber>1</buildNumber>
				    </snapshot>
				    <lastUpdated>%s</lastUpdated>
				    <snapshotVersions>
				%s    </snapshotVersions>
				  </versioning>
				</metadata>
				""".formatted(name, this.version, SECONDS.format(this.now), updated, versions);
	}

	/**
	 * A file that no archive has.
	 *
	 * @param path in the project
	 * @param content text
	 */
	record Metadata(String path, String content) {

	}

}
