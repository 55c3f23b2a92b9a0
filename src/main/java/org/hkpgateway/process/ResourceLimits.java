package org.hkpgateway.process;

import java.util.ArrayList;
import java.util.List;

/**
 * Resource limits of one plugin process, see {@code setrlimit(2)}. There are no core
 * dumps: they would hold secrets.
 *
 * @param openFiles most open files
 * @param dataBytes most private writable memory. Not the address space, of which a JVM
 * and Go reserve far more than they use; the {@code -Xmx} of a JVM belongs below it
 * @param threads most threads of the plugin's user; only where that user is the plugin's
 * own
 */
public record ResourceLimits(int openFiles, long dataBytes, int threads) {

	/** 1024 open files, 4 GiB of data, 1024 threads. */
	public static final ResourceLimits DEFAULTS = new ResourceLimits(1024, 4L << 30, 1024);

	public ResourceLimits {
		if (openFiles < 16 || dataBytes < (16 << 20) || threads < 16) {
			throw new IllegalArgumentException(
					"resource limits: expected: at least 16 open files, 16 MiB of data and 16 " + "threads, got: "
							+ openFiles + ", " + dataBytes + " bytes and " + threads);
		}
	}

	/** Options of {@code prlimit}. */
	List<String> options(boolean ownUser) {
		List<String> options = new ArrayList<>(
				List.of("--nofile=" + this.openFiles, "--core=0", "--data=" + this.dataBytes));
		if (ownUser) {
			options.add("--nproc=" + this.threads);
		}
		options.add("--");
		return options;
	}

	/** For reports. */
	String describe(boolean ownUser) {
		return "limits: " + this.openFiles + " open files, " + (this.dataBytes >> 20) + " MiB of data, no core dumps"
				+ (ownUser ? ", " + this.threads + " threads" : "");
	}

}
