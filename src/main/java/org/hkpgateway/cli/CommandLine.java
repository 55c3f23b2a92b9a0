package org.hkpgateway.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

import org.hkpgateway.manifest.PlainText;

/**
 * Decides between a command and the gateway. The gateway itself takes options only, so
 * any other first argument is a command or a mistake.
 */
public final class CommandLine {

	/** All is well. */
	static final int OK = 0;

	/** A command found something wrong. */
	static final int FAULTY = 1;

	/** The command line was wrong. */
	static final int USAGE = 2;

	private static final List<String> HELP = List.of("--help", "-h");

	private static final String USAGE_TEXT = """
			usage: hkp-gateway.jar [--key=value ...]         start the gateway
			       hkp-gateway.jar plugins check DIR ...     print what is wrong with the plugins in directories
			       hkp-gateway.jar plugins list DIR ...      print the plugins in directories
			       hkp-gateway.jar plugins verify DIR [...]  launch the plugin in a directory and check it
			       hkp-gateway.jar plugins new --lang go|java|python NAME DIR
			                                                 write the project of a new plugin
			       hkp-gateway.jar --help                    print this

			DIR is a directory as in hkp.plugins.directories: it holds plugin.toml, or directories that do. For new it
			is where the project goes, and does not exist or is empty.
			check exits with 1 if there is an error, else with 0; a wrong command line exits with 2.

			verify checks one plugin against the protocol, and exits with 1 if a check failed:
			  --only ID,...      make only these checks; an ID is handshake.first-line, or handshake for all of them
			  --skip ID,...      leave these out
			  --config JSON      merge a JSON object over [plugin.config]; also the name of a file that holds one
			  --transport NAME   only with mtls, secret or plaintext
			  --junit FILE       write the report as JUnit XML, too
			""";

	private final PrintStream out;

	private final PrintStream err;

	CommandLine(PrintStream out, PrintStream err) {
		this.out = out;
		this.err = err;
	}

	/**
	 * Whether the arguments are not meant for the gateway.
	 * @param arguments of the program
	 * @return true if {@link #run} has to be called in its place
	 */
	public static boolean handles(String... arguments) {
		return arguments.length > 0 && (!arguments[0].startsWith("-") || HELP.contains(arguments[0]));
	}

	/**
	 * Runs a command, with output to standard output and standard error in UTF-8. Returns
	 * when it is done.
	 * @param arguments of the program
	 * @return the exit code: 0, 1 if the command found an error, 2 for a wrong command
	 * line
	 */
	public static int run(String... arguments) {
		try (PrintStream out = utf8(FileDescriptor.out); PrintStream err = utf8(FileDescriptor.err)) {
			return new CommandLine(out, err).execute(Arrays.asList(arguments));
		}
	}

	int execute(List<String> arguments) {
		if (arguments.stream().anyMatch(HELP::contains)) {
			this.out.print(USAGE_TEXT);
			return OK;
		}
		if (!arguments.get(0).equals("plugins")) {
			return wrong("expected: an option or the command plugins, got: '" + PlainText.of(arguments.get(0)) + "'");
		}
		if (arguments.size() < 2) {
			return wrong("plugins: expected: check, list, new or verify, got: nothing");
		}
		List<String> rest = arguments.subList(2, arguments.size());
		return switch (arguments.get(1)) {
			case "check", "list" -> plugins(arguments.get(1), rest);
			case "new" -> project(rest);
			case "verify" -> verify(rest);
			default ->
				wrong("plugins: expected: check, list, new or verify, got: '" + PlainText.of(arguments.get(1)) + "'");
		};
	}

	private int plugins(String action, List<String> names) {
		try {
			PluginsCommand command = new PluginsCommand(Directories.of(names), this.out);
			return action.equals("check") ? command.check() : command.list();
		}
		catch (UsageException ex) {
			return wrong("plugins " + action + ": " + ex.getMessage());
		}
	}

	private int project(List<String> arguments) {
		try {
			return new NewCommand(arguments, this.out).run(this.err);
		}
		catch (UsageException ex) {
			return wrong("plugins new: " + ex.getMessage());
		}
	}

	private int verify(List<String> rest) {
		try {
			return new VerifyCommand(VerifyOptions.parse(rest), this.out, this.err).run();
		}
		catch (UsageException ex) {
			return wrong("plugins verify: " + ex.getMessage());
		}
	}

	private int wrong(String message) {
		this.err.println(message);
		this.err.println();
		this.err.print(USAGE_TEXT);
		return USAGE;
	}

	private static PrintStream utf8(FileDescriptor descriptor) {
		return new PrintStream(new FileOutputStream(descriptor), false, StandardCharsets.UTF_8);
	}

}
