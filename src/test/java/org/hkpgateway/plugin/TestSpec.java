package org.hkpgateway.plugin;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes specifications of plugins for tests: harmless defaults, of which a test names
 * only what it is about.
 */
public final class TestSpec {

	private final PluginId id;

	private boolean enabled = true;

	private ProtocolVersion protocolVersion = ProtocolVersion.CURRENT;

	private PluginSource source;

	private Transport transport = Transport.PLAINTEXT;

	private Map<String, String> environment = Map.of();

	private String configJson = "{}";

	private int order = 100;

	private PluginMode mode = PluginMode.ENFORCE;

	private boolean speculative;

	private MatchRules match = MatchRules.EVERYTHING;

	private boolean required;

	private FailPolicy fail = FailPolicy.CLOSED;

	private Duration timeout = Duration.ofMillis(200);

	private int maxConcurrent = 256;

	private BodyMode body = BodyMode.NONE;

	private int bodyPrefixBytes = 65536;

	private Set<Capability> requested = Set.of(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND);

	private Set<Capability> granted = Set.of(Capability.HTTP_REQUEST, Capability.HTTP_RESPOND);

	private List<PluginId> dependencies = List.of();

	private int maxMessageBytes = PluginSpec.DEFAULT_MAX_MESSAGE_BYTES;

	private TestSpec(PluginId id) {
		this.id = id;
		Path directory = Path.of("/plugins", id.name());
		this.source = new PluginSource.Launched(directory, directory.resolve("hkp-plugin-" + id), List.of(), null,
				HandshakeMode.GO_PLUGIN, Network.UNIX, IsolationLevel.NONE);
	}

	/** Where a plugin is launched from. */
	public static PluginSource.Launched launched(PluginSpec spec) {
		return (PluginSource.Launched) spec.source();
	}

	public static TestSpec named(String name) {
		return new TestSpec(new PluginId(name));
	}

	public TestSpec disabled() {
		this.enabled = false;
		return this;
	}

	public TestSpec protocolVersion(String version) {
		this.protocolVersion = ProtocolVersion.parse(version);
		return this;
	}

	public TestSpec source(PluginSource source) {
		this.source = source;
		return this;
	}

	/** A launched plugin without isolation. */
	public TestSpec executable(Path directory, Path executable, List<String> arguments) {
		return source(new PluginSource.Launched(directory, executable, arguments, null, HandshakeMode.GO_PLUGIN,
				Network.UNIX, IsolationLevel.NONE));
	}

	public TestSpec transport(Transport transport) {
		this.transport = transport;
		return this;
	}

	public TestSpec environment(Map<String, String> environment) {
		this.environment = environment;
		return this;
	}

	public TestSpec config(String json) {
		this.configJson = json;
		return this;
	}

	public TestSpec order(int order) {
		this.order = order;
		return this;
	}

	public TestSpec shadow() {
		this.mode = PluginMode.SHADOW;
		return this;
	}

	public TestSpec speculative() {
		this.speculative = true;
		return this;
	}

	public TestSpec match(MatchRules match) {
		this.match = match;
		return this;
	}

	public TestSpec required(boolean required) {
		this.required = required;
		return this;
	}

	public TestSpec fail(FailPolicy fail) {
		this.fail = fail;
		return this;
	}

	public TestSpec timeout(Duration timeout) {
		this.timeout = timeout;
		return this;
	}

	public TestSpec maxConcurrent(int maxConcurrent) {
		this.maxConcurrent = maxConcurrent;
		return this;
	}

	public TestSpec body(BodyMode body, int prefixBytes) {
		this.body = body;
		this.bodyPrefixBytes = prefixBytes;
		return this;
	}

	public TestSpec requested(Capability... requested) {
		this.requested = Set.of(requested);
		return this;
	}

	public TestSpec granted(Capability... granted) {
		this.granted = Set.of(granted);
		return this;
	}

	public TestSpec dependencies(String... dependencies) {
		this.dependencies = Arrays.stream(dependencies).map(PluginId::new).toList();
		return this;
	}

	public TestSpec maxMessageBytes(int maxMessageBytes) {
		this.maxMessageBytes = maxMessageBytes;
		return this;
	}

	public PluginSpec build() {
		return new PluginSpec(this.id, this.enabled, "1.2.3", "", this.protocolVersion, this.source, this.transport,
				this.environment, this.configJson, this.order, this.mode, this.speculative, this.match, this.required,
				this.fail, this.timeout, this.maxConcurrent, this.body, this.bodyPrefixBytes, this.requested,
				this.granted, this.dependencies, this.maxMessageBytes);
	}

}
