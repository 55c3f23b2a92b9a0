package org.hkpgateway.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import org.hkpgateway.manifest.ScanRequest;
import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.Capability;
import org.hkpgateway.plugin.FailPolicy;
import org.hkpgateway.plugin.HandshakeMode;
import org.hkpgateway.plugin.IsolationLevel;
import org.hkpgateway.plugin.Network;
import org.hkpgateway.plugin.PluginDefaults;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.PluginMode;
import org.hkpgateway.plugin.PluginSettings;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.Transport;
import org.hkpgateway.process.UidRange;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationPropertiesSource;
import org.springframework.boot.context.properties.NestedConfigurationProperty;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * {@code hkp.plugins}: the plugin host.
 *
 * @param directories where to look for plugins: {@code <directory>/plugin.toml} and
 * {@code <directory>/<any>/plugin.toml}, and executables {@code hkp-plugin-<name>} where
 * there is none
 * @param transport how the gateway and a plugin on this machine know each other: both
 * make a one-off certificate for each launch ({@code mtls}), a one-time secret
 * ({@code secret}), or only the permissions of the socket's directory ({@code plaintext})
 * @param isolation what a plugin's process is kept from: {@code basic} is no new
 * privileges, resource limits and its own user, {@code strict} also no network and a
 * read-only root, {@code auto} is basic where it can be had
 * @param uidRange when the gateway is root: users for plugins, one each, for example
 * {@code 20000-20999}; empty for the gateway's own user
 * @param watch whether a plugin is swapped when its manifest or executable changes; other
 * files, new plugins and the configuration are not watched
 * @param runtimeDirectory private sockets and data of plugins, and the token for
 * management; used by one gateway only, and writable by its owner only; empty for a fresh
 * directory that is removed at the end
 * @param chainBudget the longest that all plugins together may take for one request
 * @param responseBudget the longest that all plugins together may hold up the keyserver's
 * answer
 * @param maxDelay the longest that a request is held because a plugin asks for it
 * (tarpit); 0s for never
 * @param maxDelayed the most requests that are held at a time; one more is not held
 * @param defaultGrants capabilities granted to plugins that are granted none by name, as
 * far as their manifests ask for them
 * @param settings by plugin name
 * @param remote plugins that run elsewhere, by name
 * @param host where those call the gateway back
 */
public record PluginsProperties(@DefaultValue("/var/lib/hockeypuck/plugins") List<Path> directories,
		@DefaultValue("") String runtimeDirectory, @DefaultValue("mtls") Transport transport,
		@DefaultValue("auto") IsolationLevel isolation, @DefaultValue("") String uidRange,
		@DefaultValue("false") boolean watch, @DefaultValue("1s") Duration chainBudget,
		@DefaultValue("200ms") Duration responseBudget, @DefaultValue("30s") Duration maxDelay,
		@DefaultValue("1000") int maxDelayed, @DefaultValue( {
				"http.request", "http.respond" }) List<String> defaultGrants,
		@DefaultValue Map<String, Settings> settings, @DefaultValue Map<String, Remote> remote,
		@NestedConfigurationProperty @DefaultValue RemoteHostProperties host){

	/** Of calls to a plugin under a debugger. */
	private static final Duration ATTACHED = Duration.ofHours(1);

	private static final Duration LONGEST_DELAY = Duration.ofHours(1);

	public PluginsProperties {
		directories = List.copyOf(directories);
		settings = new LinkedHashMap<>(settings);
		settings.keySet().forEach((name) -> checked("hkp.plugins.settings", () -> new PluginId(name)));
		capabilities("hkp.plugins.default-grants", defaultGrants);
		positive("hkp.plugins.chain-budget", chainBudget);
		positive("hkp.plugins.response-budget", responseBudget);
		SettingCheck.that(!maxDelay.isNegative() && maxDelay.compareTo(LONGEST_DELAY) <= 0, "hkp.plugins.max-delay",
				"0s to 1h", maxDelay);
		SettingCheck.that(maxDelayed >= 0, "hkp.plugins.max-delayed", "a number from 0", maxDelayed);
		if (!uidRange.isBlank()) {
			checked("hkp.plugins.uid-range", () -> UidRange.parse(uidRange));
		}
		settings.forEach((name, one) -> one.toDomain("hkp.plugins.settings." + name));
		remote = new LinkedHashMap<>(remote);
		remote.keySet().forEach((name) -> checked("hkp.plugins.remote", () -> new PluginId(name)));
		remote.forEach((name, one) -> one.toDomain("hkp.plugins.remote." + name));
		Set<String> both = new TreeSet<>(settings.keySet());
		both.retainAll(remote.keySet());
		SettingCheck.that(both.isEmpty(), "hkp.plugins.remote",
				"names that hkp.plugins.settings does not have; a remote plugin's settings stand with its address",
				both);
		checkHostTokens(remote, host);
	}

	/** Each says who calls, so it is one plugin's own, and nobody else is told it. */
	private static void checkHostTokens(Map<String, Remote> remote, RemoteHostProperties host) {
		Map<String, String> known = new HashMap<>();
		remote.forEach((name, one) -> {
			if (!one.token().isEmpty()) {
				known.putIfAbsent(one.token(), "the token of " + name);
			}
		});
		remote.forEach((name, one) -> {
			if (one.hostToken().isEmpty()) {
				return;
			}
			String key = "hkp.plugins.remote." + name + ".host-token";
			SettingCheck.that(host.enabled(), key,
					"hkp.plugins.host.address and .tls-bundle beside it, where the plugin can show "
							+ "it; set them, or take it away",
					"none");
			String other = known.putIfAbsent(one.hostToken(), "the host-token of " + name);
			SettingCheck.that(other == null, key,
					"a token that is used for nothing else; make one, for example with " + "openssl rand -base64 32",
					String.valueOf(other));
		});
	}

	PluginDefaults defaults() {
		return new PluginDefaults(capabilities("hkp.plugins.default-grants", this.defaultGrants), this.transport,
				this.isolation);
	}

	/** Users for plugins, or null for the gateway's own. */
	@Nullable UidRange users() {
		return this.uidRange.isBlank() ? null : UidRange.parse(this.uidRange);
	}

	/**
	 * The chain budget in force: while a plugin is attached, whose developer may sit at a
	 * breakpoint, an hour.
	 */
	Duration effectiveChainBudget() {
		return attached() ? ATTACHED : this.chainBudget;
	}

	/** The same of the response budget. */
	Duration effectiveResponseBudget() {
		return attached() ? ATTACHED : this.responseBudget;
	}

	private boolean attached() {
		return this.settings.values().stream().anyMatch((one) -> one.enabled() && !one.attach().isEmpty());
	}

	/** What discovery is to look at. */
	ScanRequest scanRequest() {
		Map<PluginId, PluginSource.Remote> remotes = new LinkedHashMap<>();
		this.remote.forEach((name, one) -> remotes.put(new PluginId(name), one.source("hkp.plugins.remote." + name)));
		Set<PluginId> configured = this.settings.keySet().stream().map(PluginId::new).collect(Collectors.toSet());
		return new ScanRequest(this.directories, remotes, configured, this::of, defaults());
	}

	PluginSettings of(PluginId id) {
		Remote elsewhere = this.remote.get(id.name());
		if (elsewhere != null) {
			return elsewhere.toDomain("hkp.plugins.remote." + id);
		}
		Settings found = this.settings.get(id.name());
		return (found != null) ? found.toDomain("hkp.plugins.settings." + id) : PluginSettings.DEFAULTS;
	}

	/**
	 * {@code hkp.plugins.settings.<name>}: beats the manifest.
	 *
	 * @param enabled whether it is started at all
	 * @param order place in the chain, lowest first, ties by name; the manifest's if not
	 * set, else 100
	 * @param mode whether its decisions are done ({@code enforce}) or only compared with
	 * what is done ({@code shadow})
	 * @param match which requests it is shown
	 * @param required whether the port opens only when it is READY or FAILED, readiness
	 * waits for it, and its fail policy answers even if it is missing
	 * @param fail what its failure means: {@code closed} is 500 for the client,
	 * {@code open} is going on without it
	 * @param timeout longest wait for a decision of it
	 * @param maxConcurrent most decisions asked of it at a time, about requests and about
	 * answers each; one more counts as its failure
	 * @param body how much of a request body it sees, which needs
	 * {@code http.request.body} in manifest and grants; the manifest's if not set, else
	 * {@code none}
	 * @param bodyPrefix how much of a body {@code prefix} means
	 * @param grants granted capabilities, in place of the default grants; in force is
	 * what is both requested and granted; empty for the default grants
	 * @param handshake how the gateway learns where it listens: it prints that
	 * ({@code go-plugin}), or is told by {@code PLUGIN_GRPC_ADDRESS} ({@code none}); the
	 * manifest's if not set, else {@code go-plugin}
	 * @param transport how gateway and plugin know each other; hkp.plugins.transport if
	 * not set
	 * @param isolation what its process is kept from; hkp.plugins.isolation if not set
	 * @param network where it is told to listen: a socket in its private directory
	 * ({@code unix}), or a port of loopback ({@code tcp})
	 * @param sha256 the only checksum its executable may have, as sha256sum prints it;
	 * quote it in YAML; empty for any
	 * @param attach for developers: the handshake line of a process to connect to instead
	 * of launching one; empty to launch. Both budgets are an hour meanwhile, which takes
	 * a restart
	 * @param environment variables to add to its environment, which is otherwise nearly
	 * empty; no {@code PLUGIN_*}
	 * @param config its own configuration, merged over {@code [plugin.config]} of its
	 * manifest; the plugin's README explains it
	 */
	@ConfigurationPropertiesSource
	public record Settings(@DefaultValue("true") boolean enabled, @Nullable Integer order,
			@DefaultValue("enforce") PluginMode mode, @NestedConfigurationProperty @DefaultValue MatchProperties match,
			@DefaultValue("false") boolean required, @DefaultValue("closed") FailPolicy fail,
			@DefaultValue("200ms") Duration timeout, @DefaultValue("256") int maxConcurrent, @Nullable BodyMode body,
			@DefaultValue("64KB") DataSize bodyPrefix, @DefaultValue List<String> grants,
			@Nullable HandshakeMode handshake, @Nullable Transport transport, @Nullable IsolationLevel isolation,
			@DefaultValue("unix") Network network, @DefaultValue("") String sha256, @DefaultValue("") String attach,
			@DefaultValue Map<String, String> environment, @DefaultValue Map<String, Object> config) {

		private static final Duration DEFAULT_TIMEOUT = Duration.ofMillis(200);

		private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

		PluginSettings toDomain(String prefix) {
			positive(prefix + ".timeout", this.timeout);
			SettingCheck.that(this.maxConcurrent > 0, prefix + ".max-concurrent", "a number above 0",
					this.maxConcurrent);
			SettingCheck.that(this.bodyPrefix.toBytes() > 0 && this.bodyPrefix.toBytes() <= 1024 * 1024,
					prefix + ".body-prefix", "1B to 1MB", this.bodyPrefix);
			String checksum = this.sha256.toLowerCase(Locale.ROOT);
			SettingCheck.that(checksum.isEmpty() || SHA256.matcher(checksum).matches(), prefix + ".sha256",
					"64 hexadecimal digits, as sha256sum prints them", this.sha256);
			SettingCheck.that(this.network != Network.TCP || this.isolation != IsolationLevel.STRICT,
					prefix + ".network", "unix, because isolation strict leaves no network", this.network);
			Duration limit = (!this.attach.isEmpty() && this.timeout.equals(DEFAULT_TIMEOUT)) ? ATTACHED : this.timeout;
			return new PluginSettings(this.enabled, this.order, this.mode, this.match.toDomain(prefix + ".match"),
					this.required, this.fail, limit, this.maxConcurrent, this.body, (int) this.bodyPrefix.toBytes(),
					capabilities(prefix + ".grants", this.grants), this.handshake, this.transport, this.isolation,
					this.network, checksum.isEmpty() ? null : checksum, this.attach.isEmpty() ? null : this.attach,
					this.environment, ConfigTree.normalize(this.config));
		}

	}

	/**
	 * {@code hkp.plugins.remote.<name>}: where a plugin that the gateway does not launch
	 * is found, and the settings that it shares with others.
	 *
	 * @param address where it is: {@code host:port}, {@code dns:///host:port} (each
	 * address of the name) or {@code unix:/path}
	 * @param tlsBundle name of an SSL bundle ({@code spring.ssl.bundle}) for TLS; with a
	 * key in it, for mutual TLS; empty for plaintext
	 * @param token bearer token to send with each call, which needs a tls-bundle or a
	 * unix socket; empty for none
	 * @param hostToken what it shows when it calls the gateway back, its own alone; needs
	 * hkp.plugins.host; empty if it does not call back
	 * @param enabled whether the gateway connects to it at all
	 * @param order place in the chain, lowest first, ties by name; 100 if not set
	 * @param mode whether its decisions are done ({@code enforce}) or only compared with
	 * what is done ({@code shadow})
	 * @param match which requests it is shown
	 * @param required whether the port opens only when it is READY or FAILED, and
	 * readiness waits for it
	 * @param fail what its failure means: {@code closed} is 500 for the client,
	 * {@code open} is going on without it
	 * @param timeout longest wait for a decision of it
	 * @param maxConcurrent most decisions asked of it at a time, about requests and about
	 * answers each; one more counts as its failure
	 * @param body how much of a request body it sees, which needs
	 * {@code http.request.body} in grants; {@code none} if not set
	 * @param bodyPrefix how much of a body {@code prefix} means
	 * @param grants granted capabilities, in place of the default grants; empty for the
	 * default grants
	 * @param environment told to it in Initialize
	 * @param config its own configuration, told to it in Initialize
	 */
	@ConfigurationPropertiesSource
	public record Remote(@DefaultValue("") String address, @DefaultValue("") String tlsBundle,
			@DefaultValue("") String token, @DefaultValue("") String hostToken, @DefaultValue("true") boolean enabled,
			@Nullable Integer order, @DefaultValue("enforce") PluginMode mode,
			@NestedConfigurationProperty @DefaultValue MatchProperties match, @DefaultValue("false") boolean required,
			@DefaultValue("closed") FailPolicy fail, @DefaultValue("200ms") Duration timeout,
			@DefaultValue("256") int maxConcurrent, @Nullable BodyMode body, @DefaultValue("64KB") DataSize bodyPrefix,
			@DefaultValue List<String> grants, @DefaultValue Map<String, String> environment,
			@DefaultValue Map<String, Object> config) {

		private static final Pattern HOST_TOKEN = Pattern.compile("[\\x21-\\x7e]{32,1024}");

		PluginSettings toDomain(String prefix) {
			source(prefix);
			return new Settings(this.enabled, this.order, this.mode, this.match, this.required, this.fail, this.timeout,
					this.maxConcurrent, this.body, this.bodyPrefix, this.grants, null, null, null, Network.UNIX, "", "",
					this.environment, this.config)
				.toDomain(prefix);
		}

		PluginSource.Remote source(String prefix) {
			SettingCheck.that(!this.address.isBlank(), prefix + ".address", "host:port, dns:///host:port or unix:/path",
					"nothing");
			SettingCheck.that(this.token.isEmpty() || !this.tlsBundle.isEmpty() || this.address.startsWith("unix:"),
					prefix + ".token", "a tls-bundle beside it, because a token over plaintext is everybody's", "none");
			// Never shown: the message goes into the log.
			SettingCheck.that(this.hostToken.isEmpty() || HOST_TOKEN.matcher(this.hostToken).matches(),
					prefix + ".host-token",
					"32 to 1024 printable ASCII characters without blanks that nobody can guess; make them, for "
							+ "example with openssl rand -base64 32",
					this.hostToken.length() + " characters");
			return new PluginSource.Remote(this.address, nullIfEmpty(this.tlsBundle), nullIfEmpty(this.token),
					nullIfEmpty(this.hostToken));
		}

		private static @Nullable String nullIfEmpty(String text) {
			return text.isEmpty() ? null : text;
		}

		@Override
		public String toString() {
			return "Remote[address=" + this.address + "]";
		}

	}

	private static List<Capability> capabilities(String key, List<String> labels) {
		return labels.stream()
			.map((label) -> Capability.byLabel(label)
				.orElseThrow(() -> new IllegalArgumentException(
						key + ": expected: capabilities, any of " + List.of(Capability.values()) + ", got: " + label)))
			.toList();
	}

	private static void positive(String key, Duration value) {
		SettingCheck.that(!value.isNegative() && !value.isZero(), key, "a duration above 0", value);
	}

	/** Without the cause: Boot tells the operator of the innermost exception only. */
	private static void checked(String key, Runnable check) {
		try {
			check.run();
		}
		catch (IllegalArgumentException ex) {
			throw new IllegalArgumentException(key + ": " + ex.getMessage());
		}
	}

}
