package org.hkpgateway.process;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;

import org.hkpgateway.plugin.HandshakeMode;
import org.hkpgateway.plugin.IsolationLevel;
import org.hkpgateway.plugin.IsolationReport;
import org.hkpgateway.plugin.Network;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.PluginStartException;

import org.jspecify.annotations.Nullable;

/**
 * What of the isolation levels this machine has to offer, found out once by trying, and
 * what a launch is wrapped in to get it.
 * <p>
 * The order of the wrappers matters: {@code setsid} first, which must not be a group's
 * leader; then {@code setpriv}, whose parent-death signal outlives neither a change of
 * user nor a program with privileges, so it changes the user itself, before; then
 * {@code prlimit}, so that the limit on threads counts those of the new user; then
 * {@code bwrap}. All but the last become what they wrap: the process id stays.
 */
final class Isolation {

	private static final List<String> NO_PRIVILEGES = List.of("--no-new-privs", "--pdeathsig=KILL");

	private static final String NO_NEW_PRIVILEGES = "no_new_privs";

	private static final String DIES_WITH_GATEWAY = "killed with the gateway";

	private final boolean parentDeathSignal;

	private final ResourceLimits limits;

	private final @Nullable UidRange uids;

	private final int gatewayUid;

	private final Programs.Found setsid;

	private final Programs.Found setpriv;

	private final Programs.Found prlimit;

	private final Programs.Found bwrap;

	private final Sandbox sandbox = new Sandbox();

	/** Why there is no BASIC; null if there is. */
	private final @Nullable String basicProblem;

	/** Why there is no STRICT; null if there is. */
	private final @Nullable String strictProblem;

	/** Why plugins get no user of their own; null if they do, or need not. */
	private final @Nullable String userProblem;

	/** Looks for the programs and tries them, which takes a moment and is bounded. */
	Isolation(LaunchOptions options) {
		this(options, ownUid());
	}

	/** For a gateway of any user. */
	Isolation(LaunchOptions options, int gatewayUid) {
		this.parentDeathSignal = options.parentDeathSignal();
		this.limits = options.limits();
		this.uids = options.uidRange();
		this.gatewayUid = gatewayUid;
		Programs programs = new Programs(options.environment());
		this.setsid = programs.wrapper("setsid", List.of());
		this.setpriv = programs.wrapper("setpriv", setprivOptions(OptionalInt.empty()));
		this.prlimit = programs.wrapper("prlimit", this.limits.options(false));
		this.bwrap = programs.program("bwrap");
		this.basicProblem = missing(this.setpriv, this.prlimit);
		this.userProblem = tryUser();
		this.strictProblem = tryStrict();
	}

	private static @Nullable String missing(Programs.Found... programs) {
		for (Programs.Found program : programs) {
			if (program.path() == null) {
				return program.problem();
			}
		}
		return null;
	}

	private @Nullable String tryUser() {
		if (this.uids == null) {
			return null;
		}
		if (this.gatewayUid != 0) {
			return "hkp.plugins.uid-range: expected: a gateway that runs as root, which alone can start processes as "
					+ "other users, got: user " + this.gatewayUid + "; run it as root, or remove the setting";
		}
		if (this.basicProblem != null) {
			return "hkp.plugins.uid-range: expected: setpriv and prlimit of util-linux, got: " + this.basicProblem
					+ "; install util-linux, or remove the setting";
		}
		String failure = Programs.failure(basic(OptionalInt.of(this.uids.first()), List.of("true")));
		return (failure == null) ? null
				: "hkp.plugins.uid-range: expected: a gateway that can start processes as user " + this.uids.first()
						+ ", got: " + failure
						+ "; give it the capabilities SETUID, SETGID, SETPCAP and KILL, or remove the setting";
	}

	private @Nullable String tryStrict() {
		String problem = missing(this.setpriv, this.prlimit, this.bwrap);
		if (problem != null || this.userProblem != null) {
			return problem;
		}
		OptionalInt uid = (this.uids != null) ? OptionalInt.of(this.uids.first()) : OptionalInt.empty();
		List<String> trial = new ArrayList<>(List.of(String.valueOf(this.bwrap.path())));
		trial.addAll(this.sandbox.trial());
		trial.add("true");
		String failure = Programs.failure(basic(uid, trial));
		return (failure == null) ? null : this.bwrap.path() + " does not work: " + failure
				+ " (are user namespaces allowed for this user and in this container?)";
	}

	/**
	 * Why plugins cannot be isolated strictly.
	 * @return null if they can
	 */
	@Nullable String strictProblem() {
		return this.strictProblem;
	}

	/** Whether plugins are killed when the gateway is. */
	boolean diesWithGateway() {
		return this.parentDeathSignal && this.setpriv.path() != null;
	}

	/**
	 * Whether plugins of this level get users of their own.
	 * @throws PluginStartException if they should and cannot
	 */
	boolean ownUsers(PluginSpec spec, IsolationLevel level) {
		if (this.uids == null || level == IsolationLevel.NONE) {
			return false;
		}
		if (this.userProblem != null) {
			throw new PluginStartException(spec.id(), this.userProblem);
		}
		return true;
	}

	/**
	 * Puts a launch's wrapper together.
	 * @param uid the user of the plugin, empty for the gateway's
	 * @param environment of the plugin
	 * @throws PluginStartException if the level cannot be had
	 */
	Confinement confine(PluginSpec spec, PluginSource.Launched source, PluginEnvironment.LaunchDirectories directories,
			OptionalInt uid, Map<String, String> environment) {
		return switch (source.isolation()) {
			case NONE -> none("");
			case AUTO -> (this.basicProblem == null) ? basic(uid)
					: none("isolation basic cannot be had: " + this.basicProblem + "; ");
			case BASIC -> {
				require(spec, IsolationLevel.BASIC, "setpriv and prlimit of util-linux", this.basicProblem,
						"install util-linux");
				yield basic(uid);
			}
			case STRICT -> {
				require(spec, IsolationLevel.STRICT, "setpriv, prlimit and a bwrap that works", this.strictProblem,
						"install util-linux and bubblewrap and allow user namespaces");
				requireSocket(spec, source);
				yield strict(uid, this.sandbox.options(source.directory(), directories, environment));
			}
		};
	}

	/** What runs a command as a plugin's user. */
	List<String> asUser(int uid) {
		return setprivCommand(OptionalInt.of(uid));
	}

	private static void require(PluginSpec spec, IsolationLevel level, String expected, @Nullable String problem,
			String advice) {
		if (problem != null) {
			String name = level.name().toLowerCase(Locale.ROOT);
			throw new PluginStartException(spec.id(), "isolation " + name + " cannot be had: expected: " + expected
					+ ", got: " + problem + "; " + advice + ", or set " + key(spec) + ".isolation to another level");
		}
	}

	private static void requireSocket(PluginSpec spec, PluginSource.Launched source) {
		String what = (source.handshake() == HandshakeMode.NONE) ? "handshake: none"
				: (source.network() == Network.TCP) ? "network: tcp" : null;
		if (what != null) {
			throw new PluginStartException(spec.id(),
					"isolation strict and " + what + ": expected: a plugin that listens on a unix socket, because "
							+ "strict has a network of its own, on which the gateway cannot reach a port, got: " + what
							+ "; set " + key(spec)
							+ ".isolation to basic, or have the plugin shake hands and listen on " + "a unix socket");
		}
	}

	private static String key(PluginSpec spec) {
		return "hkp.plugins.settings." + spec.id();
	}

	private Confinement none(String why) {
		List<String> wrapper = diesWithGateway() ? session(setprivCommand(OptionalInt.empty())) : List.of();
		List<String> measures = diesWithGateway() ? List.of(NO_NEW_PRIVILEGES, DIES_WITH_GATEWAY) : List.of();
		return new Confinement((this.parentDeathSignal && wrapper.isEmpty()) ? session(List.of()) : wrapper, false,
				new IsolationReport(IsolationLevel.NONE, measures, false, why + shared()));
	}

	private Confinement basic(OptionalInt uid) {
		String remark = uid.isPresent() ? "it can use the network, loopback ports of this machine included" : shared();
		return new Confinement(basic(uid, List.of()), false,
				new IsolationReport(IsolationLevel.BASIC, measures(uid), uid.isPresent(), remark));
	}

	private Confinement strict(OptionalInt uid, List<String> options) {
		List<String> command = new ArrayList<>(List.of(String.valueOf(this.bwrap.path())));
		command.addAll(options);
		List<String> measures = new ArrayList<>(measures(uid));
		measures.addAll(List.of("no network", "own processes only", "read-only root", "private /tmp"));
		if (uid.isEmpty()) {
			measures.add("no capabilities");
		}
		return new Confinement(basic(uid, command), true,
				new IsolationReport(IsolationLevel.STRICT, measures, true, ""));
	}

	private List<String> measures(OptionalInt uid) {
		List<String> measures = new ArrayList<>(List.of(NO_NEW_PRIVILEGES, DIES_WITH_GATEWAY));
		measures.add(this.limits.describe(uid.isPresent()));
		if (uid.isPresent()) {
			measures.addAll(List.of("own user " + uid.getAsInt(), "no capabilities"));
		}
		return measures;
	}

	private String shared() {
		return "shares user " + this.gatewayUid + " with the gateway and with other plugins: no boundary";
	}

	private List<String> basic(OptionalInt uid, List<String> command) {
		List<String> wrapped = setprivCommand(uid);
		wrapped.add(String.valueOf(this.prlimit.path()));
		wrapped.addAll(this.limits.options(uid.isPresent()));
		wrapped.addAll(command);
		return session(wrapped);
	}

	private List<String> setprivCommand(OptionalInt uid) {
		List<String> command = new ArrayList<>(List.of(String.valueOf(this.setpriv.path())));
		command.addAll(setprivOptions(uid));
		return command;
	}

	private static List<String> setprivOptions(OptionalInt uid) {
		List<String> options = new ArrayList<>(NO_PRIVILEGES);
		uid.ifPresent((id) -> options.addAll(
				List.of("--reuid=" + id, "--regid=" + id, "--clear-groups", "--bounding-set=-all", "--inh-caps=-all")));
		options.add("--");
		return options;
	}

	/** Ctrl-C in the gateway's terminal is the gateway's to handle. */
	private List<String> session(List<String> command) {
		List<String> wrapped = new ArrayList<>(command);
		if (this.setsid.path() != null) {
			wrapped.add(0, this.setsid.path());
		}
		return wrapped;
	}

	/** The user of this process; -1 where that cannot be found out. */
	private static int ownUid() {
		try {
			return Ownership.self();
		}
		catch (IOException | UnsupportedOperationException | IllegalArgumentException ex) {
			return -1;
		}
	}

}
