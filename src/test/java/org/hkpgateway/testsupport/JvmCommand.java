package org.hkpgateway.testsupport;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import com.sun.tools.attach.VirtualMachine;

/**
 * What {@code jcmd} does, without a JVM of its own for each time. Needs
 * {@code --add-exports jdk.attach/sun.tools.attach=ALL-UNNAMED}, as the build gives it to
 * tests.
 */
final class JvmCommand {

	private static final int DEADLINE_SECONDS = 30;

	private JvmCommand() {
	}

	/**
	 * Has another JVM of the same user do something, and waits until that is done.
	 * @param pid the JVM's process
	 * @param command for example {@code GC.run}
	 * @return what it says to that
	 * @throws IOException if there is no such JVM, or it does not answer within 30 s
	 */
	static String send(long pid, String command) throws IOException {
		FutureTask<String> task = new FutureTask<>(() -> ask(pid, command));
		Thread thread = new Thread(task, "jvm-command");
		thread.setDaemon(true);
		thread.start();
		try {
			return task.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
		}
		catch (TimeoutException | ExecutionException ex) {
			if (ex.getCause() instanceof IllegalAccessException) {
				throw new LinkageError("expected: --add-exports jdk.attach/sun.tools.attach=ALL-UNNAMED", ex);
			}
			throw new IOException("expected: an answer of process " + pid + " to " + command + ", got: " + ex, ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	private static String ask(long pid, String command) throws Exception {
		VirtualMachine machine = VirtualMachine.attach(String.valueOf(pid));
		try (InputStream answer = (InputStream) machine.getClass()
			.getMethod("executeJCmd", String.class)
			.invoke(machine, command)) {
			// Not readAllBytes, which gets no more than 4 KiB of this stream.
			ByteArrayOutputStream text = new ByteArrayOutputStream();
			answer.transferTo(text);
			return text.toString(StandardCharsets.UTF_8);
		}
		finally {
			machine.detach();
		}
	}

}
