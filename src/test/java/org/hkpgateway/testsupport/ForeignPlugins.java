package org.hkpgateway.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Plugins that owe nothing to this project but the protocol, each written as authors of
 * its language would, and one with each SDK. Their sources are in
 * {@code src/test/plugins}. A program is built when it is first asked for, with the tools
 * of its language, and kept in {@code target/foreign-plugins} until a source or the
 * protocol changes. A test whose tools are missing is skipped.
 */
public final class ForeignPlugins {

	/** A cold build fetches a hundred packages. */
	private static final Duration DEADLINE = Duration.ofMinutes(8);

	private ForeignPlugins() {
	}

	/**
	 * Makes a plugin directory with a manifest and an executable.
	 * @param parent where to make it
	 * @param language which program
	 * @param name of the plugin
	 * @param manifestLines to add to {@code [plugin]}
	 * @return the plugin directory
	 */
	public static Path install(Path parent, Language language, String name, String... manifestLines) {
		Path program = program(language);
		try {
			Path directory = Files.createDirectory(parent.resolve(name));
			Files.writeString(directory.resolve("plugin.toml"), """
					[plugin]
					name = "%s"
					version = "1.0.0"
					executable = "hkp-plugin-%s"
					protocol_version = "1.0"
					%s
					""".formatted(name, name, String.join("\n", manifestLines)));
			Files.copy(program, directory.resolve("hkp-plugin-" + name));
			return directory;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Makes the directory of a plugin of the earlier Go generation: its manifest and its
	 * executable, both as its authors left them.
	 * @param parent where to make it
	 * @return the plugin directory
	 */
	public static Path installLegacy(Path parent) {
		Path program = program(Language.LEGACY_GO);
		try {
			Path directory = Files.createDirectory(parent.resolve("legacy-guard"));
			Files.copy(sources(Language.LEGACY_GO).resolve("plugin.toml"), directory.resolve("plugin.toml"));
			Files.copy(program, directory.resolve(Language.LEGACY_GO.executable));
			return directory;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * The program of a language, without a manifest.
	 * @param language which program
	 * @return an executable file that can be copied
	 */
	public static Path program(Language language) {
		return build(language).resolve(language.executable);
	}

	/**
	 * A host built on go-plugin's own client, which judges a plugin; see its source for
	 * the arguments.
	 * @return an executable file
	 */
	public static Path hostcheck() {
		return build(Language.GO).resolve("hostcheck");
	}

	private static Path build(Language language) {
		language.tools.forEach(Requirements::program);
		Path sources = sources(language);
		Path protocol = GatewayProcess.root().resolve("proto/hkp_plugin.proto").toAbsolutePath();
		Path output = GatewayProcess.root()
			.resolve("target/foreign-plugins")
			.resolve(language.label())
			.toAbsolutePath()
			.normalize();
		try {
			return MadeOnce.in(output, SourceDigest.of(sources, language.otherSources(protocol)),
					(directory) -> language.build(sources.normalize(), protocol.getParent().normalize(), directory));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static Path sources(Language language) {
		return GatewayProcess.root().resolve("src/test/plugins").resolve(language.label()).toAbsolutePath();
	}

	/**
	 * What the programs are written in.
	 */
	public enum Language {

		/** With go-plugin's {@code Serve}, as plugins of the earlier host are. */
		GO("hkp-plugin-go", "go") {

			@Override
			void build(Path sources, Path protocol, Path output) {
				go(sources, output, "", ".", "./hostcheck");
			}

			/** Its stubs are the SDK's, which are committed. */
			@Override
			Path[] otherSources(Path protocol) throws IOException {
				Path sdk = GatewayProcess.root().resolve("sdk/go").toAbsolutePath();
				try (Stream<Path> stubs = Files.list(sdk.resolve("hkpplugin"))) {
					return Stream.concat(Stream.of(sdk.resolve("go.mod")), stubs.sorted()).toArray(Path[]::new);
				}
			}

		},

		/**
		 * With the stubs of the earlier host and nothing else, as plugins of that time
		 * are.
		 */
		LEGACY_GO("legacy-guard-grpc", "go") {

			@Override
			void build(Path sources, Path protocol, Path output) {
				go(sources, output, this.executable, ".");
			}

		},

		/** With grpcio; the gRPC of C++, Ruby and PHP too. */
		PYTHON("hkp-plugin-python", "python3") {

			@Override
			void build(Path sources, Path protocol, Path output) throws IOException {
				Path stubs = Files.createDirectories(output.resolve("stubs"));
				String python = output.resolve("venv/bin/python").toString();
				run(output, "python3", "-m", "venv", "--clear", output.resolve("venv").toString());
				run(output, python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
						"--only-binary=:all:", "-r", sources.resolve("requirements.txt").toString());
				run(output, python, "-m", "grpc_tools.protoc", "-I" + protocol, "--python_out=" + stubs,
						"--grpc_python_out=" + stubs, "hkp_plugin.proto");
				launcher(output.resolve(this.executable), """
						PYTHONPATH='%s' exec '%s' -B '%s' "$@"
						""".formatted(stubs, python, sources.resolve("plugin.py")));
			}

		},

		/**
		 * With tonic and rustls, which take two minutes of processor time. So they are
		 * kept for other checkouts, as Go keeps what it has built; a cargo older than
		 * 1.91 does not know how.
		 */
		RUST("release/hkp-plugin-rust", "cargo", "cc") {

			@Override
			void build(Path sources, Path protocol, Path output) {
				run(output, "env", "CARGO_BUILD_BUILD_DIR=" + kept(), "cargo", "build", "--release", "--quiet",
						"--manifest-path", sources.resolve("Cargo.toml").toString(), "--target-dir", output.toString());
			}

			private static Path kept() {
				String cache = System.getenv("XDG_CACHE_HOME");
				Path parent = (cache != null) ? Path.of(cache) : Path.of(System.getProperty("user.home"), ".cache");
				return parent.resolve("hkp-gateway/rust");
			}

		},

		/** With the SDK for Java, whose jars are those of the shipped plugin. */
		SDK_JAVA("key-plugin") {

			private static final Path JARS = GatewayProcess.ANTIABUSE.resolve("lib").toAbsolutePath().normalize();

			@Override
			void build(Path sources, Path protocol, Path output) throws IOException {
				Path java = Path.of(System.getProperty("java.home"), "bin");
				run(output, java.resolve("javac").toString(), "--release", "17", "-cp", JARS + "/*", "-d",
						output.toString(), sources.resolve("KeyPlugin.java").toString());
				launcher(output.resolve(this.executable),
						"""
								exec '%s' -Xlog:disable -Xlog:all=warning:stderr -XX:+UseSerialGC -Xmx48m -XX:TieredStopAtLevel=1 \
								  -XX:-UsePerfData -cp '%s:%s/*' KeyPlugin
								"""
							.formatted(java.resolve("java"), output, JARS));
			}

			@Override
			Path[] otherSources(Path protocol) throws IOException {
				try (Stream<Path> jars = Files.list(JARS)) {
					return jars.filter((jar) -> jar.getFileName().toString().startsWith("hkp-")).toArray(Path[]::new);
				}
			}

		},

		/** With the SDK for Go. */
		SDK_GO("key-plugin", "go") {

			@Override
			void build(Path sources, Path protocol, Path output) {
				go(sources, output, this.executable, ".");
			}

			@Override
			Path[] otherSources(Path protocol) throws IOException {
				try (Stream<Path> sdk = Files.list(GatewayProcess.root().resolve("sdk/go").toAbsolutePath())) {
					return sdk.filter(Files::isRegularFile).sorted().toArray(Path[]::new);
				}
			}

		},

		/** With the SDK for Python as it is, and the packages of {@link #PYTHON}. */
		SDK_PYTHON("key-plugin", "python3") {

			@Override
			void build(Path sources, Path protocol, Path output) throws IOException {
				Path python = program(PYTHON).resolveSibling("venv/bin/python");
				Path sdk = protocol.resolveSibling("sdk/python/src");
				launcher(output.resolve(this.executable), """
						PYTHONPATH='%s' exec '%s' -B '%s'
						""".formatted(sdk, python, sources.resolve("key_plugin.py")));
			}

		};

		final String executable;

		final List<String> tools;

		Language(String executable, String... tools) {
			this.executable = executable;
			this.tools = List.of(tools);
		}

		/**
		 * As the program calls itself.
		 * @return for example {@code go}
		 */
		public String label() {
			return name().toLowerCase(Locale.ROOT).replace('_', '-');
		}

		abstract void build(Path sources, Path protocol, Path output) throws IOException;

		/** What it is built from, too. */
		Path[] otherSources(Path protocol) throws IOException {
			return new Path[] { protocol };
		}

		/** Without C and without what a debugger needs: in less time. */
		private static void go(Path sources, Path output, String name, String... packages) {
			List<String> arguments = new ArrayList<>(
					List.of("CGO_ENABLED=0", "go", "-C", sources.toString(), "build", "-trimpath", "-buildvcs=false",
							"-ldflags=-s -w", "-gcflags=all=-dwarf=false", "-o", output + "/" + name));
			arguments.addAll(List.of(packages));
			run(output, "env", arguments.toArray(String[]::new));
		}

		private static void launcher(Path file, String script) throws IOException {
			Files.writeString(file, "#!/bin/sh\n" + script);
			Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
		}

		private static void run(Path directory, String tool, String... arguments) {
			List<String> command = Stream.concat(Stream.of(tool), Arrays.stream(arguments)).toList();
			Command.run(directory, DEADLINE, new byte[0], command).orFail();
		}

	}

}
