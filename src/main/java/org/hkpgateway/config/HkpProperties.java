package org.hkpgateway.config;

import java.time.Duration;

import org.hkpgateway.chain.ChainSettings;
import org.hkpgateway.proxy.ClientAddressSettings;
import org.hkpgateway.proxy.EdgeSettings;
import org.hkpgateway.proxy.TlsSettings;
import org.hkpgateway.proxy.UpstreamSettings;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Everything under {@code hkp}. Unknown keys stop the start.
 *
 * @param tls TLS on the public port
 * @param upstream the keyserver
 * @param clientAddress who clients are
 * @param edge limits of the public port
 * @param shutdown how the gateway stops
 * @param readiness when it is ready
 * @param plugins the plugin host
 */
@ConfigurationProperties(prefix = "hkp", ignoreUnknownFields = false)
public record HkpProperties(@DefaultValue TlsSettings tls, @DefaultValue UpstreamSettings upstream,
		@DefaultValue ClientAddressSettings clientAddress, @DefaultValue EdgeSettings edge,
		@DefaultValue Shutdown shutdown, @DefaultValue Readiness readiness, @DefaultValue PluginsProperties plugins) {

	/** Bounds of the chain of plugins. */
	ChainSettings chainSettings() {
		return new ChainSettings(this.plugins.effectiveChainBudget(), this.plugins.effectiveResponseBudget(),
				this.edge.maxBody().toBytes(), this.plugins.maxDelay(), this.plugins.maxDelayed(),
				this.edge.bufferBudget() / 4, this.clientAddress.log() == ClientAddressSettings.Log.FULL);
	}

	/**
	 * {@code hkp.shutdown}.
	 *
	 * @param preStop how long to keep serving after readiness went down
	 * @param drain how long requests in flight may take after that
	 */
	public record Shutdown(@DefaultValue("10s") Duration preStop, @DefaultValue("30s") Duration drain) {

		public Shutdown {
			notNegative("hkp.shutdown.pre-stop", preStop);
			notNegative("hkp.shutdown.drain", drain);
		}

		private static void notNegative(String key, Duration value) {
			if (value.isNegative()) {
				throw new IllegalArgumentException(key + ": expected: a duration of 0 or more, got: " + value);
			}
		}

	}

	/**
	 * {@code hkp.readiness}.
	 *
	 * @param required when a required plugin that is not READY keeps readiness down
	 * @param upstream whether an unreachable keyserver does
	 */
	public record Readiness(@DefaultValue("startup") Required required, @DefaultValue("false") boolean upstream) {

		/** When a required plugin counts. */
		public enum Required {

			/** Only until it was READY once. */
			STARTUP,
			/** Whenever it is not READY. */
			ALWAYS

		}

	}

}
