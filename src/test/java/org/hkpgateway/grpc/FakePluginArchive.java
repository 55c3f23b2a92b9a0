package org.hkpgateway.grpc;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.hkpgateway.plugin.PluginConnection;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.plugin.TestSpec;
import org.hkpgateway.plugin.Transport;
import org.hkpgateway.testsupport.GatewayProcess;
import org.hkpgateway.testsupport.MadeOnce;
import org.hkpgateway.testsupport.SourceDigest;
import org.hkpgateway.testsupport.UnsignedJars;
import org.jspecify.annotations.Nullable;

import org.springframework.util.FileSystemUtils;

/**
 * {@link FakePluginProgram} is started hundreds of times. It takes half the time with an
 * archive of its classes, which cannot hold classes of directories and of signed jars:
 * those of the class path are packed. Kept in {@code target/fake-plugin} until a class or
 * Java changes.
 */
final class FakePluginArchive {

	private static final Duration DEADLINE = Duration.ofMinutes(2);

	private static final String ARCHIVE = "fake-plugin.jsa";

	private static final String ERRORS = "stderr";

	private static @Nullable String options;

	private FakePluginArchive() {
	}

	/** Options of {@code java} for a shell: the archive and the class path. */
	static synchronized String options(String classPath) {
		if (options == null) {
			Path directory = GatewayProcess.root().resolve("target/fake-plugin").toAbsolutePath().normalize();
			MadeOnce.in(directory, version(classPath), (made) -> make(made, classPath));
			options = "-XX:SharedArchiveFile='" + directory.resolve(ARCHIVE) + "' -cp '" + packed(directory, classPath)
					+ "'";
		}
		return options;
	}

	private static String version(String classPath) {
		try {
			StringBuilder version = new StringBuilder(Runtime.version() + " " + System.getProperty("java.home"));
			for (Path each : directories(classPath)) {
				version.append(' ').append(SourceDigest.of(each));
			}
			return version.append(' ').append(classPath).toString();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static List<Path> directories(String classPath) {
		return entries(classPath).filter(Files::isDirectory).toList();
	}

	private static Stream<Path> entries(String classPath) {
		return Stream.of(classPath.split(File.pathSeparator)).map(Path::of);
	}

	/** What has to be packed to get into an archive. */
	private static boolean unfit(Path entry) {
		try {
			return Files.isDirectory(entry) || UnsignedJars.signed(entry);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static String packed(Path directory, String classPath) {
		List<Path> unfit = entries(classPath).filter(FakePluginArchive::unfit).toList();
		return entries(classPath).map((entry) -> {
			int number = unfit.indexOf(entry);
			return ((number < 0) ? entry : directory.resolve(number + ".jar")).toString();
		}).collect(Collectors.joining(File.pathSeparator));
	}

	private static void make(Path directory, String classPath) throws IOException {
		Path archive = directory.resolve(ARCHIVE);
		Files.deleteIfExists(archive);
		int number = 0;
		for (Path each : entries(classPath).filter(FakePluginArchive::unfit).toList()) {
			Path jar = directory.resolve(number++ + ".jar");
			if (Files.isDirectory(each)) {
				FakePluginProgram.pack(each, jar);
			}
			else {
				UnsignedJars.copy(each, jar);
			}
		}
		learn(directory, classPath, archive);
		if (!Files.exists(archive)) {
			throw new AssertionError(
					"expected: an archive of classes, got: " + Files.readString(directory.resolve(ERRORS)));
		}
	}

	/** Has one live as most do: classes of the first calls are half as many once more. */
	private static void learn(Path directory, String classPath, Path archive) throws IOException {
		Path sockets = Files.createTempDirectory("hf");
		Process process = null;
		try (GrpcConnector connector = new GrpcConnector(new Gateway("0.1", DEADLINE))) {
			PluginConnection.Offer offer = connector.offer(TestSpec.named("fake").transport(Transport.MTLS).build());
			List<String> command = new ArrayList<>(
					List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
			command.addAll(FakePluginProgram.OPTIONS);
			command.addAll(List.of("-XX:ArchiveClassesAtExit=" + archive, "-cp", packed(directory, classPath),
					FakePluginProgram.class.getName(), FakePlugin.Behaviour.CONTINUES.name(),
					FakePlugin.Manners.HEALTHY.name()));
			ProcessBuilder builder = new ProcessBuilder(command).redirectError(directory.resolve(ERRORS).toFile());
			builder.environment().put("PLUGIN_UNIX_SOCKET_DIR", sockets.toString());
			builder.environment().putAll(offer.environment());
			process = builder.start();
			String[] handshake = handshake(process).split("\\|");
			try (PluginConnection connection = offer.connect(new PluginEndpoint.Unix(Path.of(handshake[3])),
					certificate(handshake[5]), DEADLINE)) {
				connection.initialize("archive", DEADLINE);
				connection.client().decide(TestEvents.lookup(), DEADLINE).block(DEADLINE);
				connection.checkHealth(DEADLINE);
			}
			// Its standard input has an end, and so has it.
			process.getOutputStream().close();
			if (!process.waitFor(DEADLINE.toSeconds(), TimeUnit.SECONDS)) {
				throw new AssertionError("expected: its end within " + DEADLINE + ", got: none");
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
		finally {
			if (process != null) {
				process.destroyForcibly();
			}
			FileSystemUtils.deleteRecursively(sockets);
		}
	}

	private static String handshake(Process process) {
		return CompletableFuture.supplyAsync(() -> {
			try {
				return String.valueOf(process.inputReader().readLine());
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}).orTimeout(DEADLINE.toSeconds(), TimeUnit.SECONDS).join();
	}

	private static X509Certificate certificate(String der) {
		try {
			return (X509Certificate) CertificateFactory.getInstance("X.509")
				.generateCertificate(new ByteArrayInputStream(Base64.getDecoder().decode(der)));
		}
		catch (CertificateException ex) {
			throw new IllegalArgumentException(ex);
		}
	}

}
