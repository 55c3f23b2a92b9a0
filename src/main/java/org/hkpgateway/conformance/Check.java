package org.hkpgateway.conformance;

import java.util.Arrays;
import java.util.Optional;

/**
 * Everything that is checked, in the order in which it is reported. The ids are stable:
 * scripts select by them. {@code docs/conformance.md} lists them all.
 */
public enum Check {

	MANIFEST_VALID("manifest.valid", "Launch", "One plugin is found, and nothing keeps it out",
			"Mend what `plugins check` says of it"),
	MANIFEST_CLEAN("manifest.clean", "Launch", "The manifest gives no reason for a warning",
			"Mend what `plugins check` says of it"),
	COOKIE_EXIT("cookie.exit", "1 Start", "Without the cookie it exits with 1",
			"Look for HKP_PLUGIN_COOKIE before anything else, and exit with 1 if it is not there"),
	COOKIE_MESSAGE("cookie.message", "1 Start", "Without the cookie it says on stderr that it is a plugin",
			"Print 'this is a plugin, not a program to run by hand' on stderr"),
	COOKIE_SILENCE("cookie.silence", "1 Start", "Without the cookie it prints no handshake",
			"Look for HKP_PLUGIN_COOKIE before you listen"),
	CREDENTIALS_MALFORMED("credentials.malformed", "2 Handshake",
			"With a malformed PLUGIN_CLIENT_CERT or PLUGIN_AUTH_SECRET it says so and exits with 1",
			"Never go on without TLS or without a secret when one was asked for"),
	VERSION_CHOSEN("version.chosen", "2 Handshake", "Of several versions it chooses one that it speaks",
			"Choose the highest common one of PLUGIN_PROTOCOL_VERSIONS"),
	VERSION_NONE("version.none", "2 Handshake", "Without a common version it ends with a reason, or says its own",
			"Print the versions of both sides on stderr and exit with 1"),
	HANDSHAKE_TIME("handshake.time", "2 Handshake", "The handshake comes within the start limit",
			"Listen first and do slow work after Initialize; flush stdout behind the line"),
	HANDSHAKE_FIRST("handshake.first-line", "2 Handshake", "The handshake is the first thing on stdout",
			"Print nothing on stdout before it, neither blank lines nor warnings of a runtime"),
	HANDSHAKE_VERSION("handshake.version", "2 Handshake", "Core version 1 and an app version that was offered",
			"The line begins with 1 and one of PLUGIN_PROTOCOL_VERSIONS"),
	HANDSHAKE_ADDRESS("handshake.address", "2 Handshake", "It listens where it was told to",
			"Listen on a socket in PLUGIN_UNIX_SOCKET_DIR, and give its absolute path"),
	HANDSHAKE_CERTIFICATE("handshake.certificate", "2 Handshake",
			"The line has a certificate if PLUGIN_CLIENT_CERT is set, and none if not",
			"Make a certificate for PLUGIN_CLIENT_CERT and put it in the sixth field, DER in base64 without padding"),
	HANDSHAKE_LISTENING("handshake.listening", "2 Handshake", "It listens before it says so",
			"Bind the socket first, then print the line"),
	CONNECTION("connection.opens", "4 Initialize", "The gateway can connect",
			"Serve gRPC over HTTP/2 at the address of the handshake, with the certificate that it shows"),
	MTLS_NOBODY("mtls.no-certificate", "2 Handshake", "Who shows no certificate is refused",
			"Demand a client certificate, and let in only the one of PLUGIN_CLIENT_CERT"),
	MTLS_STRANGER("mtls.foreign-certificate", "2 Handshake", "Who shows another certificate is refused",
			"Let in only the certificate of PLUGIN_CLIENT_CERT, and no other of the same name"),
	MTLS_PLAINTEXT("mtls.plaintext", "2 Handshake", "Who speaks no TLS is refused", "Serve nothing without TLS"),
	SECRET_START("secret.start", "2 Handshake", "It starts with transport secret",
			"Read PLUGIN_AUTH_SECRET; serve plaintext and show no certificate"),
	SECRET_NOBODY("secret.no-token", "2 Handshake", "Calls without a token are UNAUTHENTICATED",
			"Check `authorization: Bearer <secret>` of every call of every method"),
	SECRET_STRANGER("secret.wrong-token", "2 Handshake", "Calls with another token are UNAUTHENTICATED",
			"Compare all of the token, in constant time"),
	SECRET_PROOF("secret.proof", "2 Handshake", "auth_proof shows that it has the secret",
			"HMAC-SHA256 of the nonce, keyed with the characters of PLUGIN_AUTH_SECRET as they stand"),
	PLAINTEXT_START("plaintext.start", "2 Handshake", "It starts with transport plaintext",
			"Without PLUGIN_CLIENT_CERT serve plaintext and show no certificate"),
	TCP_START("tcp.start", "2 Handshake", "With PLUGIN_MIN_PORT and PLUGIN_MAX_PORT it can be reached",
			"Listen on a port of 127.0.0.1 in that range, or on a unix socket"),
	INITIALIZE("initialize.accepts", "4 Initialize", "Its own configuration is accepted within 10 s",
			"Accept [plugin.config] of the manifest as it stands, while keys and state are UNAVAILABLE, as here; "
					+ "give what an operator must add by --config"),
	INITIALIZE_AGAIN("initialize.again", "4 Initialize", "The same instance id again changes nothing",
			"Answer a repeated Initialize of one instance id as the first time"),
	INITIALIZE_BAD_JSON("initialize.bad-json", "4 Initialize", "What is no JSON object is refused with a reason",
			"Answer success = false, with what was expected and what came in error"),
	INITIALIZE_TYPES("initialize.wrong-types", "4 Initialize",
			"Each key of [plugin.config] is refused with a value of another type, by name",
			"Check the type of each value, and name the key in error"),
	INITIALIZE_NOTHING("initialize.nothing", "4 Initialize",
			"Without configuration it has defaults, or says what is missing",
			"Have a default for each key, or answer success = false and name the key in error"),
	INFO_NAME("info.name", "4 Initialize", "It has the name of its manifest", "Say PLUGIN_NAME"),
	INFO_VERSION("info.version", "4 Initialize", "It has the version of its manifest", "Say PLUGIN_VERSION"),
	INFO_CAPABILITIES("info.capabilities", "4 Initialize", "It wants nothing that its manifest does not ask for",
			"List in the manifest what the plugin says that it wants"),
	DECISIONS_VALID("decisions.valid", "6 Requests", "Every request of the corpus gets a valid decision",
			"Answer continue_chain, or a status from 200 to 599 with valid headers, also while keys and state are "
					+ "UNAVAILABLE, as here; never an all-default message"),
	DECISIONS_GRANTED("decisions.granted", "6 Requests", "Decisions keep to what the manifest asks for",
			"Ask for the capability in the manifest, or leave the change out"),
	DECISIONS_HEADERS("decisions.headers", "6 Requests", "No reserved header is written",
			"Leave framing, hop-by-hop and forwarded headers to the gateway"),
	DECISIONS_STATUS("decisions.status", "6 Requests", "Statuses are such that gpg can bear them",
			"Use 403, 404, 413, 422, 429 or 500: gpg gives a server up that answers 502, 503 or 504"),
	DECISIONS_UPLOADS("decisions.uploads", "6 Requests", "No upload is answered with success",
			"Refuse with 403, 413, 422 or 429: gpg takes any 2xx for a key that was stored"),
	DEADLINE_KEPT("deadline.kept", "6 Requests", "Under light load answers come within the plugin's timeout",
			"Decide without waiting for others, or have the operator raise its timeout"),
	DEADLINE_PASSED("deadline.passed", "6 Requests", "Calls whose deadline has passed do it no harm",
			"Stop working on a call that is over; never let its answer fail the process"),
	CANCEL_UNARY("cancel.unary", "6 Requests", "Cancelled calls do it no harm",
			"Stop working on a call that is cancelled; never let its answer fail the process"),
	CONCURRENCY("concurrency.unary", "6 Requests", "64 calls in flight are all answered",
			"Handle requests concurrently, and share nothing between them that is not safe for that"),
	STREAM_WORKS("stream.works", "The stream", "HandleRequests works if the feature is declared",
			"Implement HandleRequests, or do not declare the feature 'stream'"),
	STREAM_EQUAL("stream.equals-unary", "The stream", "The stream and single calls decide alike",
			"Let both go through the same code"),
	STREAM_IDS("stream.ids", "The stream", "64 requests on the stream get one answer each, with their id",
			"Copy request_id into the answer, and answer once"),
	STREAM_CANCEL("stream.cancel", "The stream", "Requests that are taken back do the stream no harm",
			"Forget a request that is taken back; never answer the event that has cancel set"),
	STREAM_CLOSE("stream.half-close", "The stream",
			"When the gateway ends its side, it answers what it has and ends its own",
			"At the end of the requests answer those that are open, then end the stream with OK"),
	RESPONSE("response.decides", "The keyserver's answer", "Answers of the keyserver get valid decisions",
			"Implement HandleUpstreamResponse if the feature 'response' is declared, under the rules for mutations"),
	HEALTH_CHECK("health.check", "5 HealthCheck", "HealthCheck is answered within 5 s",
			"Implement HealthCheck, or grpc.health.v1 for the service 'plugin'"),
	HEALTH_STANDARD("health.standard", "4 Initialize", "grpc.health.v1 says SERVING, or is not there",
			"Serve SERVING for the service 'plugin' from the start, or UNIMPLEMENTED"),
	HEALTH_LOAD("health.under-load", "5 HealthCheck", "HealthCheck is answered while 64 requests are in flight",
			"Keep a thread for HealthCheck that requests cannot take"),
	EVENTS_DELIVERY("events.delivery", "Events", "Events are taken within 5 s if the feature is declared",
			"Implement PublishEvents, or PublishEvent, if the feature 'events' is declared"),
	EVENTS_EMISSION("events.emission", "Events", "What it emits has a type of its own",
			"Types begin with `plugin.`, its name and a dot; data is one JSON object"),
	SHUTDOWN_ANSWER("shutdown.answer", "7 Shutdown", "Shutdown is answered", "Answer Shutdown first, then end"),
	SHUTDOWN_EXIT("shutdown.exit", "7 Shutdown", "After Shutdown it exits with 0 within timeout_seconds",
			"Exit with 0; let no thread keep the process"),
	SHUTDOWN_TERM("shutdown.sigterm", "7 Shutdown", "At SIGTERM it exits", "Do at SIGTERM what Shutdown does"),
	SHUTDOWN_EOF("shutdown.stdin", "3 Stdin", "At the end of stdin it exits",
			"Read stdin in a thread of its own, and exit at its end"),
	OUTPUT_STDOUT("output.stdout", "2 Handshake", "After the handshake stdout has lines of text at most",
			"Log to stderr; never write bytes to stdout"),
	OUTPUT_STDERR("output.stderr", "2 Handshake", "stderr has log records in JSON, or plain lines of at most 64 KiB",
			"Give each JSON line @level, @message and @timestamp, in one line"),
	OUTPUT_VOLUME("output.volume", "2 Handshake", "It does not log more than the gateway keeps",
			"Log less than one line for a request: more than 200 lines a second are suppressed"),
	OUTPUT_SECRETS("output.secrets", "1 Start", "No token, secret or key is printed", "Never log the environment"),
	LEAKS_DESCRIPTORS("leaks.descriptors", "6 Requests", "Thousands of requests leave no open files",
			"Close what a request opens"),
	LEAKS_THREADS("leaks.threads", "6 Requests", "Thousands of requests leave no threads",
			"Use a pool of threads with a bound"),
	LEAKS_MEMORY("leaks.memory", "6 Requests", "Thousands of requests leave no memory",
			"Give each map, queue and cache a bound"),
	LEAKS_PROCESSES("leaks.processes", "7 Shutdown", "After its exit no process of it is left",
			"End child processes before you exit"),
	LEAKS_SOCKET("leaks.socket", "7 Shutdown", "After its exit its socket is gone",
			"Remove the socket file at the end"),
	RELOAD("reload.side-by-side", "3 Stdin", "Two processes of it run side by side with one PLUGIN_DATA_DIR",
			"Take no lock in PLUGIN_DATA_DIR that only one process can hold, and no fixed port"),
	GATEWAY("gateway.start", "The conversation", "The gateway's own host starts it, asks it and ends it",
			"See the checks above; if they pass, this is a fault of the kit: report it");

	private final String id;

	private final String section;

	private final String title;

	private final String advice;

	Check(String id, String section, String title, String advice) {
		this.id = id;
		this.section = section;
		this.title = title;
		this.advice = advice;
	}

	/** Stable, for example {@code handshake.first-line}. */
	public String id() {
		return this.id;
	}

	/** Where {@code proto/README.md} tells of it. */
	public String section() {
		return this.section;
	}

	/** What is true of a plugin that passes. */
	public String title() {
		return this.title;
	}

	/** What to do when it is not. */
	public String advice() {
		return this.advice;
	}

	/**
	 * The group of an id: {@code handshake} of {@code handshake.first-line}.
	 * @return what stands before the dot
	 */
	public String group() {
		return this.id.substring(0, this.id.indexOf('.'));
	}

	/**
	 * Finds a check.
	 * @param id its id
	 * @return empty if there is none of that id
	 */
	public static Optional<Check> byId(String id) {
		return Arrays.stream(values()).filter((check) -> check.id.equals(id)).findFirst();
	}

}
