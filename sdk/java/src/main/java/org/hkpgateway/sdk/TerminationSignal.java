package org.hkpgateway.sdk;

import java.lang.reflect.Proxy;
import java.util.List;

import org.hkpgateway.sdk.log.PluginLog;

/**
 * Runs a task on SIGTERM and SIGINT in place of the JVM's own reaction, so that an
 * orderly end has exit code 0 (by itself the JVM exits with 143 and 130). By reflection,
 * because the class is no part of Java SE; a JVM without it keeps its own reaction, and
 * the shutdown hook does the work.
 */
final class TerminationSignal {

	private TerminationSignal() {
	}

	static void install(Runnable task) {
		try {
			Class<?> signal = Class.forName("sun.misc.Signal");
			Class<?> handler = Class.forName("sun.misc.SignalHandler");
			Object proxy = Proxy.newProxyInstance(TerminationSignal.class.getClassLoader(), new Class<?>[] { handler },
					(self, method, arguments) -> {
						if (method.getName().equals("handle")) {
							task.run();
						}
						return null;
					});
			for (String name : List.of("TERM", "INT")) {
				signal.getMethod("handle", signal, handler)
					.invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
			}
		}
		catch (ReflectiveOperationException | RuntimeException ex) {
			PluginLog.get("sdk").debug("no handler for SIGTERM; the exit code will be that of the JVM", "error", ex);
		}
	}

}
