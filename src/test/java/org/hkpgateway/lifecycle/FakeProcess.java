package org.hkpgateway.lifecycle;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

import org.hkpgateway.plugin.IsolationLevel;
import org.hkpgateway.plugin.IsolationReport;
import org.hkpgateway.plugin.PluginEndpoint;
import org.hkpgateway.process.ExitStatus;
import org.hkpgateway.process.PluginProcess;

/**
 * A process that exits when it is told to.
 */
final class FakeProcess implements PluginProcess {

	/** What is told of it if its start fails later than its launch. */
	static final String ENDED = "; its process then ended: killed by signal 15";

	private final long pid;

	private final CompletableFuture<ExitStatus> exit = new CompletableFuture<>();

	volatile List<String> lastWords = List.of();

	private final List<String> ends = new CopyOnWriteArrayList<>();

	FakeProcess(long pid) {
		this.pid = pid;
	}

	@Override
	public OptionalLong pid() {
		return OptionalLong.of(this.pid);
	}

	@Override
	public X509Certificate certificate() {
		return null;
	}

	@Override
	public IsolationReport isolation() {
		return new IsolationReport(IsolationLevel.NONE, List.of(), false, "");
	}

	@Override
	public PluginEndpoint endpoint() {
		return new PluginEndpoint.Unix(Path.of("/run/fake/" + this.pid));
	}

	@Override
	public CompletableFuture<ExitStatus> onExit() {
		return this.exit;
	}

	void exit(int code, String... lines) {
		this.exit.complete(new ExitStatus(code, List.of(lines)));
	}

	@Override
	public ExitStatus end(Duration voluntary, Duration term) {
		this.ends.add(voluntary.toMillis() + "/" + term.toMillis());
		exit(voluntary.isZero() ? (term.isZero() ? 137 : 143) : 0, this.lastWords.toArray(String[]::new));
		return this.exit.join();
	}

	/** How it was ended: milliseconds of both grace periods. */
	List<String> ends() {
		return this.ends;
	}

}
