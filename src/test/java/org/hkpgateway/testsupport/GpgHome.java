package org.hkpgateway.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A GNUPGHOME of its own with the real gpg. Its dirmngr and gpg-agent end with it.
 */
public final class GpgHome implements AutoCloseable {

	private static final Duration DEADLINE = Duration.ofSeconds(60);

	private static final byte[] NO_INPUT = new byte[0];

	private final Path directory;

	private final Path gpg;

	private final Path gpgconf;

	private List<String> prefix = List.of();

	private GpgHome(Path directory, Path gpg, Path gpgconf) {
		this.directory = directory;
		this.gpg = gpg;
		this.gpgconf = gpgconf;
	}

	/**
	 * Makes an empty home. Skips the test if gpg or dirmngr is not installed.
	 * @return the home
	 */
	public static GpgHome create() {
		Requirements.program("dirmngr");
		Path gpg = Requirements.program("gpg");
		Path gpgconf = Requirements.program("gpgconf");
		return new GpgHome(TemporaryDirectory.create("g"), gpg, gpgconf);
	}

	/**
	 * Makes dirmngr trust an authority for {@code hkps}, and no other, and know a name
	 * for loopback. Skips the test if bubblewrap cannot give it a hosts file of its own.
	 * @param certificate of the authority, PEM
	 * @param host the name
	 */
	public void trust(String certificate, String host) {
		Path bwrap = Requirements.working("bwrap", "--dev-bind", "/", "/", "true");
		try {
			Path authority = Files.writeString(this.directory.resolve("authority.pem"), certificate);
			Files.writeString(this.directory.resolve("dirmngr.conf"), "hkp-cacert " + authority + "\n");
			Path hosts = Files.writeString(this.directory.resolve("hosts"), "127.0.0.1 localhost " + host + "\n");
			this.prefix = List.of(bwrap.toString(), "--dev-bind", "/", "/", "--bind", hosts.toString(), "/etc/hosts");
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Generates an ed25519 key without a passphrase.
	 * @param userId for example {@code Alice Lab <alice@lab.example>}
	 * @return its fingerprint in upper-case hex
	 */
	public String generate(String userId) {
		run("--quick-gen-key", userId, "ed25519", "sign", "0").orFail();
		List<String> fingerprints = fingerprints();
		return fingerprints.get(fingerprints.size() - 1);
	}

	/**
	 * The fingerprints of all primary keys, in the order of the key ring.
	 * @return upper-case hex
	 */
	public List<String> fingerprints() {
		List<String> fingerprints = new ArrayList<>();
		boolean primary = false;
		for (String line : run("--with-colons", "--list-keys").orFail().text().split("\n")) {
			String[] fields = line.split(":");
			if (fields[0].equals("pub")) {
				primary = true;
			}
			else if (primary && fields[0].equals("fpr")) {
				fingerprints.add(fields[9]);
				primary = false;
			}
		}
		return fingerprints;
	}

	/**
	 * Runs gpg in batch mode, at most 60 s.
	 * @param arguments after {@code gpg --homedir … --batch}
	 * @return how it ended
	 */
	public Command.Result run(String... arguments) {
		return run(NO_INPUT, arguments);
	}

	/**
	 * Runs gpg in batch mode with input, at most 60 s.
	 * @param input for standard input
	 * @param arguments after {@code gpg --homedir … --batch}
	 * @return how it ended
	 */
	public Command.Result run(byte[] input, String... arguments) {
		List<String> command = new ArrayList<>(this.prefix);
		command.addAll(List.of(this.gpg.toString(), "--homedir", this.directory.toString(), "--batch", "--no-tty",
				"--yes", "--pinentry-mode", "loopback", "--passphrase", ""));
		command.addAll(List.of(arguments));
		return Command.run(this.directory, DEADLINE, input, command);
	}

	/**
	 * Runs gpg with a keyserver.
	 * @param keyserver its address: of {@code https} gpg is told {@code hkps}
	 * @param arguments for example {@code --recv-keys} and a fingerprint
	 * @return how it ended
	 */
	public Command.Result runWithKeyserver(URI keyserver, String... arguments) {
		List<String> all = new ArrayList<>(
				List.of("--keyserver", (keyserver.getScheme().equals("https") ? "hkps://" : "hkp://")
						+ keyserver.getHost() + ":" + keyserver.getPort()));
		all.addAll(List.of(arguments));
		return run(all.toArray(String[]::new));
	}

	/**
	 * Exports a public key.
	 * @param fingerprint of the key
	 * @return its packets, binary
	 */
	public byte[] exportKey(String fingerprint) {
		return run("--export", fingerprint).orFail().output();
	}

	/**
	 * Imports public keys.
	 * @param keys binary or armored
	 */
	public void importKeys(byte[] keys) {
		run(keys, "--import").orFail();
	}

	/**
	 * Revokes a key, with the revocation that gpg made along with it.
	 * @param fingerprint of a key that was generated here
	 */
	public void revoke(String fingerprint) {
		try {
			String revocation = Files
				.readString(this.directory.resolve("openpgp-revocs.d").resolve(fingerprint + ".rev"));
			// gpg puts a colon before the block, lest somebody imports it by mistake.
			importKeys(revocation.substring(revocation.indexOf("-----BEGIN")).getBytes(StandardCharsets.US_ASCII));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** Ends the daemons of this home and deletes it. */
	@Override
	public void close() {
		try {
			Command.run(this.directory, DEADLINE, NO_INPUT,
					List.of(this.gpgconf.toString(), "--homedir", this.directory.toString(), "--kill", "all"));
		}
		finally {
			TemporaryDirectory.delete(this.directory);
		}
	}

}
