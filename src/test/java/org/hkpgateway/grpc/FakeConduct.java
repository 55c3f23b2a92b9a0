package org.hkpgateway.grpc;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;

import org.hkpgateway.proto.HandleRequestEvent;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.proto.InitRequest;
import org.hkpgateway.proto.InitResponse;
import org.hkpgateway.proto.PluginInfo;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * How a {@link FakePluginProgram} keeps the whole protocol, launch and configuration
 * included, but for what its name says. Without one it keeps as much as a gateway needs.
 */
enum FakeConduct {

	/** Keeps all of it. */
	CONFORMS, IGNORES_COOKIE, EXITS_0_WITHOUT_COOKIE, SAYS_NOTHING_WITHOUT_COOKIE, IGNORES_BAD_CREDENTIALS,
	CLAIMS_ANY_VERSION, HANGS_WITHOUT_COMMON_VERSION, EXITS_AT_ONCE, NEVER_PRINTS, PRINTS_GARBAGE,
	PRINTS_BEFORE_HANDSHAKE, BLANK_FIRST_LINE, NO_NEWLINE, WRONG_CORE, WRONG_APP, SAYS_TCP, LISTENS_ELSEWHERE,
	CERTIFICATE_UNASKED, NO_CERTIFICATE, LETS_ANYBODY_IN, LETS_ANY_CERTIFICATE_IN, CHECKS_NO_TOKEN, WANTS_ANY_TOKEN,
	/** Refuses the same instance the second time. */
	REFUSES_AGAIN, ACCEPTS_BAD_JSON, ACCEPTS_WRONG_TYPES, REFUSES_WITHOUT_NAMING, CRASHES_WITHOUT_CONFIGURATION,
	OTHER_VERSION, WANTS_MORE,
	/** Answers uploads with 200. */
	TAKES_UPLOADS,
	/** Answers requests of the stream in another way than single calls. */
	DECIDES_OTHERWISE_ON_STREAM,
	/** Changes its mind with each request, in any way of asking. */
	DECIDES_BY_CHANCE,
	/** Is at a loss when a call was cancelled. */
	DIES_OF_CANCELLED_CALLS, NEVER_EXITS, EXITS_3, IGNORES_SIGTERM, IGNORES_STDIN, PRINTS_SECRETS, PRINTS_COOKIE,
	PRINTS_BYTES, PRINTS_BAD_JSON, LEAKS_DESCRIPTORS, LEAKS_THREADS, LEAKS_MEMORY, LEAVES_CHILD, LEAVES_SOCKET,
	LOCKS_DATA_DIRECTORY,
	/** Of the versions it is offered it takes the last one. */
	CHOOSES_LAST_VERSION,
	/** Lets in also who speaks no TLS. */
	SPEAKS_PLAINTEXT_TOO,
	/** Does not start with a secret. */
	KNOWS_NO_SECRET,
	/** Looks for a token only where one request has one answer. */
	GUARDS_UNARY_ONLY,
	/** Is at a loss when there is no time left for a request. */
	DIES_OF_SHORT_DEADLINES,
	/** Answers late, and refuses when it has more than a few to answer. */
	TAKES_FEW_AT_A_TIME,
	/** Says nothing of its health, or nothing while it has requests to answer. */
	FAILS_HEALTH, FAILS_HEALTH_UNDER_LOAD,
	/** Takes uploads off the stream and does not answer them. */
	DROPS_UPLOADS_OF_STREAM,
	/** Keeps a file open for each connection. */
	LEAKS_PER_CONNECTION,
	/** Ends at that request, or with the call behind the corpus. */
	DIES_AFTER_2000, DIES_AFTER_CORPUS;

	/** In flight at a time. */
	private static final int FEW = 16;

	/** Long enough for all that is sent at once to come in. */
	private static final int SLOWLY_MS = 300;

	private static final String COOKIE = "hkp-gateway-plugin-7b1e5c1f0d3a4e2c";

	private static final JsonMapper JSON = JsonMapper.builder().build();

	private static final List<Object> LEAKED = new ArrayList<>();

	private static final AtomicInteger REQUESTS = new AtomicInteger();

	private static final int SHORT_MS = 40;

	/** Time to think, in which calls can be cancelled. */
	private static final int MOMENT_MS = 20;

	/** Not yet answered, of those who answer late. */
	private static final AtomicInteger WAITING = new AtomicInteger();

	private static volatile boolean corpusSeen;

	private static @Nullable String instance;

	static boolean is(@Nullable FakeConduct conduct, FakeConduct... any) {
		return conduct != null && Arrays.asList(any).contains(conduct);
	}

	/** Looks at how it was launched; does not return if it refuses. */
	void launched() throws Exception {
		if (!COOKIE.equals(System.getenv("HKP_PLUGIN_COOKIE")) && this != IGNORES_COOKIE) {
			if (this != SAYS_NOTHING_WITHOUT_COOKIE) {
				System.err.println("this is a plugin, not a program to run by hand");
			}
			System.exit((this == EXITS_0_WITHOUT_COOKIE) ? 0 : 1);
		}
		if (!Arrays.asList(String.valueOf(System.getenv("PLUGIN_PROTOCOL_VERSIONS")).split(",", -1)).contains("1")
				&& this != CLAIMS_ANY_VERSION) {
			if (this == HANGS_WITHOUT_COMMON_VERSION) {
				TimeUnit.HOURS.sleep(1);
			}
			System.err.println("expected: version 1, got: others");
			System.exit(1);
		}
		if ("".equals(System.getenv("PLUGIN_AUTH_SECRET")) && this != IGNORES_BAD_CREDENTIALS) {
			System.err.println("expected: a secret, got: an empty one");
			System.exit(1);
		}
		if (this == KNOWS_NO_SECRET && System.getenv("PLUGIN_AUTH_SECRET") != null) {
			System.err.println("expected: PLUGIN_CLIENT_CERT, got: a secret");
			System.exit(1);
		}
		switch (this) {
			case EXITS_AT_ONCE -> System.exit(3);
			case NEVER_PRINTS -> TimeUnit.HOURS.sleep(1);
			case PRINTS_GARBAGE -> System.out.println("Hello, world");
			case PRINTS_BEFORE_HANDSHAKE -> System.out.println("starting ...");
			case BLANK_FIRST_LINE -> System.out.println();
			case PRINTS_SECRETS -> System.err.println("environment: " + System.getenv());
			case PRINTS_COOKIE -> System.err.println("started with " + System.getenv("HKP_PLUGIN_COOKIE"));
			case PRINTS_BAD_JSON -> System.err.println("{\"level\":\"info\"");
			case LOCKS_DATA_DIRECTORY -> lock();
			case LEAVES_CHILD -> new ProcessBuilder("setsid", "sleep", "600").start();
			case IGNORES_SIGTERM -> ignoreSigterm();
			default -> {
			}
		}
	}

	/** A shutdown hook that does not return keeps a JVM from ending. */
	private static void ignoreSigterm() {
		Runtime.getRuntime().addShutdownHook(new Thread(() -> {
			try {
				TimeUnit.HOURS.sleep(1);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}));
	}

	private static void lock() throws IOException {
		Path file = Path.of(String.valueOf(System.getenv("PLUGIN_DATA_DIR")), "lock");
		FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
		FileLock lock = channel.tryLock();
		if (lock == null) {
			System.err.println("another process has the data");
			System.exit(1);
		}
		LEAKED.add(channel);
	}

	/** The whole handshake line. */
	String handshake(String address, String certificate) {
		return switch (this) {
			case WRONG_CORE -> "2|1|" + address + "|grpc|" + certificate;
			case WRONG_APP -> "1|7|" + address + "|grpc|" + certificate;
			case SAYS_TCP -> "1|1|tcp|127.0.0.1:1|grpc|" + certificate;
			case NO_CERTIFICATE -> "1|1|" + address + "|grpc|";
			case CERTIFICATE_UNASKED -> "1|1|" + address + "|grpc|" + "A".repeat(100);
			case CLAIMS_ANY_VERSION -> "1|" + System.getenv("PLUGIN_PROTOCOL_VERSIONS").split(",", -1)[0] + "|"
					+ address + "|grpc|" + certificate;
			case CHOOSES_LAST_VERSION -> "1|" + System.getenv("PLUGIN_PROTOCOL_VERSIONS").replaceFirst(".*,", "") + "|"
					+ address + "|grpc|" + certificate;
			default -> "1|1|" + address + "|grpc|" + certificate;
		};
	}

	/** After the handshake. */
	void shaken() {
		if (this == PRINTS_BYTES) {
			System.out.write(new byte[] { 0, (byte) 0xff, (byte) 0xfe, '\n' }, 0, 4);
			System.out.flush();
		}
	}

	PluginInfo.Builder info() {
		PluginInfo.Builder info = PluginInfo.newBuilder()
			.setName(String.valueOf(System.getenv("PLUGIN_NAME")))
			.setVersion((this == OTHER_VERSION) ? "0.0.1" : String.valueOf(System.getenv("PLUGIN_VERSION")));
		if (this == WANTS_MORE) {
			info.addCapabilities("http.credentials");
		}
		return info;
	}

	/**
	 * Why a configuration is refused: its keys are {@code number}, {@code text},
	 * {@code list} and {@code table}, all of them optional.
	 * @return null if it is not
	 */
	@Nullable String refusal(InitRequest request) {
		if (request.getInstanceId().equals(instance)) {
			return (this == REFUSES_AGAIN) ? "I know you already" : null;
		}
		String json = request.getConfigJson();
		if (this == CRASHES_WITHOUT_CONFIGURATION && (json.isEmpty() || json.equals("{}"))) {
			Runtime.getRuntime().halt(3);
		}
		String refusal = json.isEmpty() ? null : refusal(json);
		instance = (refusal == null) ? request.getInstanceId() : null;
		return refusal;
	}

	private @Nullable String refusal(String json) {
		JsonNode config;
		try {
			config = JSON.readTree(json);
		}
		catch (JacksonException ex) {
			return (this == ACCEPTS_BAD_JSON) ? null : "expected: JSON, got: something else";
		}
		if (!config.isObject()) {
			return (this == ACCEPTS_BAD_JSON) ? null : "expected: a JSON object, got: " + config.getNodeType();
		}
		Map<String, Boolean> right = Map.of("number", config.path("number").isNumber(), "text",
				config.path("text").isString(), "list", config.path("list").isArray(), "table",
				config.path("table").isObject());
		for (Map.Entry<String, Boolean> each : right.entrySet()) {
			if (config.has(each.getKey()) && !each.getValue() && this != ACCEPTS_WRONG_TYPES) {
				return (this == REFUSES_WITHOUT_NAMING) ? "bad value" : each.getKey() + ": expected: another type";
			}
		}
		return null;
	}

	void declare(InitResponse.Builder answer) {
		answer.setInfo(info());
	}

	/** Somebody has connected. */
	void connected() {
		if (this == LEAKS_PER_CONNECTION) {
			try {
				LEAKED.add(new FileInputStream("/dev/null"));
			}
			catch (IOException ex) {
				// No more of them can be had.
			}
		}
	}

	/** Some method is called. */
	void called() {
		if (this == DIES_AFTER_CORPUS && corpusSeen) {
			Runtime.getRuntime().halt(3);
		}
	}

	/** Whether a call gets in without the token. */
	boolean lenient(boolean unary, String authorization) {
		return switch (this) {
			case CHECKS_NO_TOKEN -> true;
			case WANTS_ANY_TOKEN -> authorization.startsWith("Bearer ");
			case GUARDS_UNARY_ONLY -> !unary;
			default -> false;
		};
	}

	/** Whether it has no word about its health now. */
	boolean failsHealth() {
		return this == FAILS_HEALTH || (this == FAILS_HEALTH_UNDER_LOAD && WAITING.get() > FEW);
	}

	/**
	 * How it takes a request.
	 * @param later runs something after so many milliseconds, on the thread of the server
	 * @param refuse answers with an error
	 * @param answer answers
	 * @return false if it is answered as usual
	 */
	boolean takes(HandleRequestEvent event, boolean streamed, BiConsumer<Integer, Runnable> later, Runnable refuse,
			Runnable answer) {
		if (this == DIES_OF_SHORT_DEADLINES && event.getDeadlineMs() <= SHORT_MS) {
			Runtime.getRuntime().halt(3);
		}
		if (event.getRequestId().equals("c-noted-over-tls")) {
			corpusSeen = true;
		}
		if (this == TAKES_FEW_AT_A_TIME && WAITING.get() >= FEW) {
			refuse.run();
			return true;
		}
		if (this == DIES_OF_CANCELLED_CALLS) {
			later.accept(MOMENT_MS, answer);
			return true;
		}
		if (this == TAKES_FEW_AT_A_TIME || this == FAILS_HEALTH_UNDER_LOAD) {
			WAITING.incrementAndGet();
			later.accept(SLOWLY_MS, () -> {
				WAITING.decrementAndGet();
				answer.run();
			});
			return true;
		}
		return this == DROPS_UPLOADS_OF_STREAM && streamed && event.getMethod().equals("POST");
	}

	/** What becomes of an answer to a single call. */
	HandleResponse.Builder answered(HandleRequestEvent event, HandleResponse.Builder answer) {
		int number = REQUESTS.incrementAndGet();
		if (this == DIES_AFTER_2000 && number > 2000) {
			Runtime.getRuntime().halt(3);
		}
		try {
			switch (this) {
				case LEAKS_DESCRIPTORS -> {
					if (number % 20 == 0 && LEAKED.size() < 1000) {
						LEAKED.add(new FileInputStream("/dev/null"));
					}
				}
				case LEAKS_THREADS -> {
					if (number % 20 == 0 && LEAKED.size() < 500) {
						LEAKED.add(sleeper());
					}
				}
				case LEAKS_MEMORY -> {
					if (number % 500 == 0) {
						LEAKED.add(memory());
					}
				}
				default -> {
				}
			}
		}
		catch (IOException ex) {
			// No more of them can be had.
		}
		if (this == TAKES_UPLOADS && event.getMethod().equals("POST")) {
			return answer.setContinueChain(false).setStatusCode(200);
		}
		return (this == DECIDES_BY_CHANCE) ? answer.setReason("answer " + System.nanoTime()) : answer;
	}

	/** 8 MiB outside of the heap, which has a bound: 16 KiB for each request. */
	private static MappedByteBuffer memory() throws IOException {
		Path file = Files.createTempFile("leak", null);
		try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
			MappedByteBuffer memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, 8 << 20);
			for (int i = 0; i < memory.capacity(); i += 4096) {
				memory.put(i, (byte) 1);
			}
			return memory;
		}
		finally {
			Files.delete(file);
		}
	}

	private static Thread sleeper() {
		Thread sleeper = new Thread(() -> {
			try {
				TimeUnit.HOURS.sleep(1);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		});
		sleeper.setDaemon(true);
		sleeper.start();
		return sleeper;
	}

	/** Shutdown was answered. */
	void end(Runnable removeSocket) {
		if (this == NEVER_EXITS) {
			return;
		}
		Thread ending = new Thread(() -> {
			try {
				// The answer is on its way.
				TimeUnit.MILLISECONDS.sleep(20);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			if (this != LEAVES_SOCKET) {
				removeSocket.run();
			}
			Runtime.getRuntime().halt((this == EXITS_3) ? 3 : 0);
		});
		ending.start();
	}

	/** Reads standard input to its end. */
	void awaitEndOfInput(InputStream input) throws Exception {
		while (input.read() >= 0) {
			// Nothing is said there.
		}
		if (this == IGNORES_STDIN || this == IGNORES_SIGTERM) {
			TimeUnit.HOURS.sleep(1);
		}
	}

}
