package org.hkpgateway.conformance;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

import org.hkpgateway.grpc.ProbeAnswer;
import org.hkpgateway.grpc.ProbeReply;
import org.hkpgateway.manifest.Discovery;
import org.hkpgateway.plugin.HandshakeMode;
import org.hkpgateway.plugin.Network;
import org.hkpgateway.plugin.PluginSource;
import org.hkpgateway.plugin.PluginSpec;
import org.hkpgateway.plugin.Transport;
import org.hkpgateway.process.TrialHandshake;
import org.jspecify.annotations.Nullable;

/**
 * Checks one plugin. Launches about a dozen processes of it, one after the other but for
 * two that run side by side, each in private directories and with nothing of this
 * process's environment. Every wait has an end.
 */
public final class Conformance implements AutoCloseable {

	private final String version;

	private final VerifyRequest request;

	private final Subject subject;

	private final Trial trial;

	private final Load load = new Load();

	private final Duration start;

	private final Resources resources = new Resources();

	private boolean launched;

	/** Set when the plugin was asked all of the requests. */
	private boolean asked;

	/**
	 * Set when no handshake came in time: each further process would take as long.
	 */
	private boolean silent;

	/** What single calls of a fresh process came to; empty as long as none were made. */
	private Map<String, ProbeReply<ProbeAnswer>> unary = Map.of();

	/**
	 * Nothing is started yet.
	 * @param version of the gateway, as plugins are told
	 * @param request what to check
	 * @param progress gets each result as soon as it is there
	 */
	public Conformance(String version, VerifyRequest request, Consumer<Result> progress) {
		this(version, request, progress, Limits.START);
	}

	/** With another limit for handshakes. */
	Conformance(String version, VerifyRequest request, Consumer<Result> progress, Duration start) {
		this.start = start;
		this.version = version;
		this.request = request;
		this.subject = new Subject(request);
		this.trial = new Trial(request.checks(), progress);
	}

	/**
	 * Makes the checks. Blocks for some ten seconds, or a few minutes with a plugin that
	 * lets everything time out. To be called once.
	 * @return what came of them
	 * @throws InterruptedException if the thread is interrupted
	 */
	public Report run() throws InterruptedException {
		long start = System.nanoTime();
		Discovery discovery = this.subject.discover();
		PluginSpec found = discovery.plugins().stream().findFirst().orElse(null);
		if (ManifestChecks.run(discovery, this.trial) && found != null
				&& found.source() instanceof PluginSource.Launched launched) {
			try (Bench bench = this.resources.add(new Bench(this.version, this.start))) {
				this.launched = true;
				run(bench, launched.handshake());
			}
		}
		this.trial.miss(EnumSet.allOf(Check.class),
				this.launched ? "not reached" : "there is no plugin to launch, or more than one");
		return new Report((found != null) ? found.id().name() : this.request.directory().toString(),
				(found != null) ? found.version() : "", this.trial.results(),
				Duration.ofNanos(System.nanoTime() - start));
	}

	private void run(Bench bench, HandshakeMode mode) throws InterruptedException {
		boolean shakesHands = mode == HandshakeMode.GO_PLUGIN;
		Transport only = this.request.transport();
		Transport first = (only != null) ? only : shakesHands ? Transport.MTLS : Transport.PLAINTEXT;
		Transport second = (only != null) ? only : shakesHands ? Transport.SECRET : Transport.PLAINTEXT;
		Transport third = (only != null) ? only : Transport.PLAINTEXT;
		if (!shakesHands) {
			rest("the manifest says handshake = \"none\"",
					EnumSet.of(Check.COOKIE_EXIT, Check.COOKIE_MESSAGE, Check.COOKIE_SILENCE,
							Check.CREDENTIALS_MALFORMED, Check.VERSION_CHOSEN, Check.VERSION_NONE, Check.HANDSHAKE_TIME,
							Check.HANDSHAKE_FIRST, Check.HANDSHAKE_VERSION, Check.HANDSHAKE_ADDRESS,
							Check.HANDSHAKE_CERTIFICATE, Check.HANDSHAKE_LISTENING, Check.TCP_START, Check.MTLS_NOBODY,
							Check.MTLS_STRANGER, Check.MTLS_PLAINTEXT));
			if (second != Transport.SECRET) {
				rest("transport plaintext",
						EnumSet.of(Check.SECRET_START, Check.SECRET_NOBODY, Check.SECRET_STRANGER, Check.SECRET_PROOF));
			}
		}
		RefusalChecks refusals = new RefusalChecks(bench, this.trial);
		PluginSpec spec = this.subject.spec(first, Network.UNIX);
		step(List.of(Check.COOKIE_EXIT, Check.COOKIE_MESSAGE, Check.COOKIE_SILENCE), () -> refusals.cookie(spec));
		skipTransports(only);
		PluginSpec thirdSpec = this.subject.spec(third, (only == null && shakesHands) ? Network.TCP : Network.UNIX);
		step(mainChecks(), () -> main(bench, spec, thirdSpec));
		step(List.of(Check.CREDENTIALS_MALFORMED), () -> refusals.credentials(spec,
				only == null || only == Transport.MTLS, only == null || only == Transport.SECRET));
		step(List.of(Check.VERSION_CHOSEN, Check.VERSION_NONE), () -> refusals.versions(spec));
		step(thirdChecks(), () -> third(bench, thirdSpec, ""));
		step(secondChecks(), () -> second(bench, this.subject.spec(second, Network.UNIX), spec));
		step(List.of(Check.INITIALIZE_BAD_JSON, Check.INITIALIZE_TYPES, Check.INITIALIZE_NOTHING), () -> {
			try (ConfigurationChecks checks = new ConfigurationChecks(bench, this.trial,
					this.subject.spec(third, Network.UNIX))) {
				checks.run();
			}
		});
		step(List.of(Check.GATEWAY), () -> GatewayCheck.run(spec, this.version, this.trial, this.resources));
		new OutputChecks(this.trial).run(bench.printed(), bench.secrets(), this.asked);
	}

	private void skipTransports(@Nullable Transport only) {
		if (only == null) {
			return;
		}
		if (only != Transport.MTLS) {
			rest("--transport " + words(only),
					EnumSet.of(Check.MTLS_NOBODY, Check.MTLS_STRANGER, Check.MTLS_PLAINTEXT));
		}
		if (only != Transport.SECRET) {
			rest("--transport " + words(only),
					EnumSet.of(Check.SECRET_START, Check.SECRET_NOBODY, Check.SECRET_STRANGER, Check.SECRET_PROOF));
		}
		if (only != Transport.PLAINTEXT) {
			rest("--transport " + words(only), EnumSet.of(Check.PLAINTEXT_START));
		}
		rest("--transport " + words(only), EnumSet.of(Check.TCP_START));
	}

	private static String words(Transport transport) {
		return transport.name().toLowerCase(Locale.ROOT);
	}

	private static List<Check> mainChecks() {
		List<Check> checks = new ArrayList<>();
		Arrays.stream(Check.values())
			.filter((check) -> List
				.of("handshake", "connection", "mtls", "info", "decisions", "deadline", "cancel", "concurrency",
						"response", "health", "events", "leaks", "output")
				.contains(check.group()))
			.forEach(checks::add);
		checks.addAll(List.of(Check.INITIALIZE, Check.INITIALIZE_AGAIN, Check.SHUTDOWN_ANSWER, Check.SHUTDOWN_EXIT,
				Check.RELOAD));
		return checks;
	}

	private static List<Check> secondChecks() {
		List<Check> checks = new ArrayList<>(StreamChecks.ALL);
		checks.addAll(List.of(Check.SECRET_START, Check.SECRET_NOBODY, Check.SECRET_STRANGER, Check.SECRET_PROOF,
				Check.SHUTDOWN_TERM));
		return checks;
	}

	private static List<Check> thirdChecks() {
		return List.of(Check.PLAINTEXT_START, Check.TCP_START, Check.SHUTDOWN_EOF);
	}

	/** The first transport: all that is about requests. */
	private void main(Bench bench, PluginSpec spec, PluginSpec other) throws SessionException, InterruptedException {
		HandshakeChecks handshakes = new HandshakeChecks(this.trial);
		try (Launched launched = bench.start(spec, Map.of())) {
			this.silent = true;
			TrialHandshake handshake = handshakes.handshake(launched, () -> this.silent = false);
			try (Session session = handshakes.connect(launched, handshake)) {
				handshakes.strangers(session);
				new IntroductionChecks(this.trial).initialize(session);
				requests(session);
				alive(session, "what is called besides requests");
				if (this.trial.wants(Check.RELOAD)) {
					sideBySide(bench, session, other);
				}
				new EndChecks(this.trial).shutdown(session);
			}
		}
	}

	private void requests(Session session) throws SessionException, InterruptedException {
		List<CorpusItem> corpus = Corpus.of(session.spec());
		Asker asker = Asker.of(session, this.load.next());
		DecisionChecks decisions = new DecisionChecks(this.trial);
		if (this.trial.wants(StreamChecks.ALL) || this.trial.wants(Check.DECISIONS_VALID, Check.DECISIONS_GRANTED,
				Check.DECISIONS_HEADERS, Check.DECISIONS_STATUS, Check.DECISIONS_UPLOADS, Check.OUTPUT_SECRETS,
				Check.OUTPUT_STDERR, Check.OUTPUT_STDOUT, Check.OUTPUT_VOLUME)) {
			this.unary = decisions.run(session, asker, corpus);
		}
		alive(session, "the requests of the corpus");
		ServiceChecks services = new ServiceChecks(session, this.trial);
		services.health();
		LoadChecks loads = new LoadChecks(this.trial, this.load);
		loads.deadline(session, asker);
		loads.abandoned(session, asker);
		alive(session, "calls that were cancelled");
		loads.concurrency(session, asker);
		alive(session, "many requests at a time");
		services.responses(corpus);
		services.events();
		new LeakChecks(this.trial, this.load).run(session, asker);
		this.asked = true;
	}

	/**
	 * What comes next makes no sense with a process that has ended. The check that was
	 * running has failed then.
	 */
	private static void alive(Session session, String after) throws SessionException, InterruptedException {
		String ended = session.ended();
		if (ended != null) {
			throw new SessionException(ended + ", after " + after);
		}
	}

	/** Another process while the first one runs. */
	private void sideBySide(Bench bench, Session session, PluginSpec other) throws InterruptedException {
		try {
			third(bench, other, "while another process of it runs: ");
		}
		catch (SessionException ex) {
			if (this.trial.wants(Check.RELOAD)) {
				this.trial.fail(Check.RELOAD, "another process that starts", String.valueOf(ex.getMessage()));
			}
			return;
		}
		ProbeReply<ProbeAnswer> reply = session.probe().ask(this.load.next(), Limits.ANSWER).join();
		if (!reply.isOk() && !reply.is("UNIMPLEMENTED")) {
			this.trial.fail(Check.RELOAD, "answers of the first process", reply.detail());
		}
		this.trial.pass(Check.RELOAD);
	}

	/** Plaintext, on a port if it likes, and the end of stdin. */
	private void third(Bench bench, PluginSpec spec, String when) throws SessionException, InterruptedException {
		if (!this.trial.wants(thirdChecks()) && when.isEmpty()) {
			return;
		}
		try (Session session = bench.initialize(spec)) {
			this.trial.pass(Check.PLAINTEXT_START);
			this.trial.pass(Check.TCP_START, String.valueOf(session.endpoint()));
			new EndChecks(this.trial).closeInput(session);
		}
		catch (SessionException ex) {
			// Side by side it is not yet said whose fault it is.
			if (when.isEmpty()) {
				this.trial.fail(Check.PLAINTEXT_START, "a plugin that starts", String.valueOf(ex.getMessage()));
				this.trial.fail(Check.TCP_START, "a plugin that starts", String.valueOf(ex.getMessage()));
			}
			throw new SessionException(when + ex.getMessage());
		}
	}

	/** A secret, the stream, and SIGTERM. */
	private void second(Bench bench, PluginSpec spec, PluginSpec first) throws SessionException, InterruptedException {
		if (!this.trial.wants(secondChecks())) {
			return;
		}
		try (Session session = secret(bench, spec)) {
			streams(bench, session, first);
			new EndChecks(this.trial).terminate(session);
		}
	}

	private Session secret(Bench bench, PluginSpec spec) throws SessionException, InterruptedException {
		SecretChecks secrets = new SecretChecks(this.trial);
		boolean secret = spec.transport() == Transport.SECRET;
		boolean initialized = false;
		Session session = null;
		try {
			session = bench.connect(spec);
			if (secret) {
				secrets.strangers(session);
			}
			session.initialize();
			if (secret) {
				this.trial.pass(Check.SECRET_START);
				secrets.proof(session.introduction());
			}
			initialized = true;
			return session;
		}
		catch (SessionException ex) {
			if (secret) {
				this.trial.fail(Check.SECRET_START, "a plugin that starts", String.valueOf(ex.getMessage()));
			}
			throw ex;
		}
		finally {
			if (session != null && !initialized) {
				session.close();
			}
		}
	}

	private void streams(Bench bench, Session session, PluginSpec first) throws InterruptedException {
		if (!session.introduction().has("stream")) {
			this.trial.skip(StreamChecks.ALL, "the feature stream is not declared");
			return;
		}
		if (!this.trial.wants(StreamChecks.ALL)) {
			return;
		}
		StreamChecks checks = new StreamChecks(this.trial, this.load);
		List<CorpusItem> corpus = Corpus.of(session.spec());
		Map<String, ProbeAnswer> streamed = checks.corpus(session, corpus);
		if (!streamed.isEmpty()) {
			if (this.unary.isEmpty() && this.trial.wants(Check.STREAM_WORKS, Check.STREAM_EQUAL)) {
				this.unary = onceMore(bench, first, corpus);
			}
			checks.works(corpus, this.unary, streamed);
			checks.compare(this.unary, streamed, () -> onceMore(bench, first, corpus));
			checks.ids(session);
			checks.cancel(session);
			checks.halfClose(session);
		}
	}

	/** Single calls of one more fresh process. */
	private static Map<String, ProbeReply<ProbeAnswer>> onceMore(Bench bench, PluginSpec spec, List<CorpusItem> corpus)
			throws InterruptedException {
		try (Session again = bench.initialize(spec)) {
			return Asker.of(again, new Load().next()).askAll(corpus);
		}
		catch (SessionException ex) {
			return Map.of();
		}
	}

	/** Does a step if it is asked for; what it leaves open was not reached, and why. */
	private void step(List<Check> checks, Step step) throws InterruptedException {
		if (!this.trial.wants(checks)) {
			return;
		}
		String why = "not reached";
		try {
			if (this.silent) {
				throw new SessionException("no handshake in time");
			}
			step.run();
		}
		catch (SessionException ex) {
			why = "not reached: " + ex.getMessage();
		}
		List<Check> left = checks.stream()
			.filter((check) -> !check.group().equals("output") && !thirdChecks().contains(check))
			.toList();
		this.trial.miss(thirdChecks().equals(checks) ? checks : left, why);
	}

	private void rest(String why, Set<Check> checks) {
		this.trial.skip(checks, why);
	}

	/** Kills what still runs. By any thread, as at the end of the program. */
	@Override
	public void close() {
		this.resources.close();
	}

	/** A part of the checks. */
	@FunctionalInterface
	private interface Step {

		void run() throws SessionException, InterruptedException;

	}

}
