package org.hkpgateway.lifecycle;

import java.time.Duration;

import org.hkpgateway.plugin.PluginSource;

/**
 * How long each step in a plugin's life may take.
 *
 * @param start the whole start; the steps after the handshake get at least 1 s each even
 * when the launch used it up
 * @param connect until the connection stands
 * @param initialize until Initialize is answered
 * @param healthTimeout until HealthCheck is answered
 * @param healthInterval from one health check to the next; an attached plugin is checked
 * at its start only, because a breakpoint would stop it from answering
 * @param healthMisses so many health checks in a row without an answer mean restart
 * @param drain until calls in flight have finished
 * @param shutdown until Shutdown is answered
 * @param exit until the process exits by itself after Shutdown
 * @param terminate until the process exits after SIGTERM
 * @param trial how long the old generation of a swap stands by
 * @param attached for a plugin that a developer has started under a debugger, in place of
 * {@code start}, {@code connect}, {@code initialize} and {@code healthTimeout}
 * @param restart when it is started again
 */
public record LifecycleSettings(Duration start, Duration connect, Duration initialize, Duration healthTimeout,
		Duration healthInterval, int healthMisses, Duration drain, Duration shutdown, Duration exit, Duration terminate,
		Duration trial, Duration attached, RestartLimits restart) {

	/**
	 * 60 s, 10 s, 10 s, 5 s, 10 s, 3, 5 s, 5 s, 2 s, 2 s, 30 s, 1 h, and the default
	 * restarts.
	 */
	public static final LifecycleSettings DEFAULTS = new LifecycleSettings(Duration.ofSeconds(60),
			Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofSeconds(5), Duration.ofSeconds(10), 3,
			Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofSeconds(2), Duration.ofSeconds(2),
			Duration.ofSeconds(30), Duration.ofHours(1), RestartLimits.DEFAULTS);

	public LifecycleSettings {
		if (healthMisses < 1) {
			throw new IllegalArgumentException("health misses: expected: 1 or more, got: " + healthMisses);
		}
	}

	/**
	 * The settings that hold for a plugin.
	 * @param source where its process comes from
	 * @return these, or with the long times of an attached one
	 */
	LifecycleSettings of(PluginSource source) {
		if (!(source instanceof PluginSource.Attached)) {
			return this;
		}
		return new LifecycleSettings(this.attached, this.attached, this.attached, this.attached, this.healthInterval,
				this.healthMisses, this.drain, this.shutdown, this.exit, this.terminate, this.trial, this.attached,
				this.restart);
	}

}
