package org.hkpgateway.config;

import java.time.Duration;

import org.hkpgateway.chain.ChainSettings;
import org.hkpgateway.proxy.ClientAddressSettings;
import org.hkpgateway.proxy.EdgeSettings;
import org.hkpgateway.proxy.TlsSettings;
import org.hkpgateway.proxy.UpstreamSettings;
import org.hkpgateway.state.RedisAddress;
import org.hkpgateway.state.StateQuota;
import org.hkpgateway.storage.StorageSettings;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.NestedConfigurationProperty;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Everything under {@code hkp}. Unknown keys stop the start. What is said of each
 * component here and in the records below is what {@code docs/configuration.md} says of
 * its key.
 *
 * @param tls TLS on the public port
 * @param upstream the keyserver
 * @param clientAddress who clients are
 * @param edge limits of the public port
 * @param shutdown how the gateway stops
 * @param readiness when it is ready
 * @param health what is reported
 * @param management who may use the management port
 * @param plugins the plugin host
 * @param state what plugins may keep with the gateway
 * @param storage what plugins' queries for keys may take
 * @param cluster what gateways share
 */
@ConfigurationProperties(prefix = "hkp", ignoreUnknownFields = false)
public record HkpProperties(@NestedConfigurationProperty @DefaultValue TlsSettings tls,
		@NestedConfigurationProperty @DefaultValue UpstreamSettings upstream,
		@NestedConfigurationProperty @DefaultValue ClientAddressSettings clientAddress,
		@NestedConfigurationProperty @DefaultValue EdgeSettings edge, @DefaultValue Shutdown shutdown,
		@DefaultValue Readiness readiness, @DefaultValue Health health,
		@NestedConfigurationProperty @DefaultValue ManagementProperties management,
		@NestedConfigurationProperty @DefaultValue PluginsProperties plugins, @DefaultValue State state,
		@DefaultValue Storage storage, @DefaultValue Cluster cluster) {

	/** Bounds of the chain of plugins. */
	ChainSettings chainSettings() {
		return new ChainSettings(this.plugins.effectiveChainBudget(), this.plugins.effectiveResponseBudget(),
				this.edge.maxBody().toBytes(), this.plugins.maxDelay(), this.plugins.maxDelayed(),
				this.edge.bufferBudget() / 4, this.clientAddress.log() == ClientAddressSettings.Log.FULL);
	}

	/**
	 * {@code hkp.shutdown}.
	 *
	 * @param preStop how long to keep serving after readiness went down, so that load
	 * balancers notice
	 * @param drain how long requests in flight may take after that; then the plugins
	 * stop, within 30 s more
	 */
	public record Shutdown(@DefaultValue("10s") Duration preStop, @DefaultValue("30s") Duration drain) {

		public Shutdown {
			SettingCheck.that(!preStop.isNegative(), "hkp.shutdown.pre-stop", "a duration of 0 or more", preStop);
			SettingCheck.that(!drain.isNegative(), "hkp.shutdown.drain", "a duration of 0 or more", drain);
		}

	}

	/**
	 * {@code hkp.state}: what each plugin may keep with the gateway.
	 *
	 * @param maxKeys the most values, counters and buckets of tokens that each plugin may
	 * keep with the gateway, together
	 * @param maxBytes the most that their names and contents may take together, for each
	 * plugin
	 */
	public record State(@DefaultValue("100000") long maxKeys, @DefaultValue("16MB") DataSize maxBytes) {

		public State {
			SettingCheck.that(maxKeys >= 1, "hkp.state.max-keys", "a number from 1", maxKeys);
			SettingCheck.that(maxBytes.toBytes() >= 1, "hkp.state.max-bytes", "a size from 1B", maxBytes);
		}

		StateQuota quota() {
			return new StateQuota(this.maxKeys, this.maxBytes.toBytes());
		}

	}

	/** Bounds of plugins' queries for keys. */
	StorageSettings storageSettings() {
		return new StorageSettings(this.storage.cacheBytes().toBytes(), this.storage.cacheTtl(), this.storage.timeout(),
				(int) this.storage.maxAnswer().toBytes(), this.upstream.connectTimeout());
	}

	/**
	 * {@code hkp.storage}: what plugins' queries for keys may take.
	 *
	 * @param cacheBytes about how much memory the answers take together that are kept for
	 * plugins; 0B: none is kept
	 * @param cacheTtl how long an answer is kept: keys also come to the keyserver by ways
	 * that the gateway does not see
	 * @param timeout the longest to wait for an answer of the keyserver
	 * @param maxAnswer the largest answer of the keyserver; of a stream, the largest key
	 */
	public record Storage(@DefaultValue("32MB") DataSize cacheBytes, @DefaultValue("30s") Duration cacheTtl,
			@DefaultValue("10s") Duration timeout, @DefaultValue("8MB") DataSize maxAnswer) {

		private static final Duration SHORTEST = Duration.ofMillis(1);

		private static final Duration LONGEST_TTL = Duration.ofSeconds(60);

		private static final Duration LONGEST_TIMEOUT = Duration.ofMinutes(10);

		public Storage {
			SettingCheck.that(!cacheBytes.isNegative(), "hkp.storage.cache-bytes", "a size from 0B", cacheBytes);
			SettingCheck.that(cacheTtl.compareTo(SHORTEST) >= 0 && cacheTtl.compareTo(LONGEST_TTL) <= 0,
					"hkp.storage.cache-ttl", "a duration of 1ms to 60s", cacheTtl);
			SettingCheck.that(timeout.compareTo(SHORTEST) >= 0 && timeout.compareTo(LONGEST_TIMEOUT) <= 0,
					"hkp.storage.timeout", "a duration of 1ms to 10m", timeout);
			SettingCheck.that(maxAnswer.toKilobytes() >= 1 && maxAnswer.toMegabytes() < 1024, "hkp.storage.max-answer",
					"a size of 1KB to 1023MB", maxAnswer);
		}

	}

	/**
	 * {@code hkp.cluster}: what gateways share.
	 *
	 * @param redis where
	 */
	public record Cluster(@DefaultValue Redis redis) {
	}

	/**
	 * {@code hkp.cluster.redis}.
	 *
	 * @param url the Redis in which gateways share what plugins keep, and through which
	 * they tell each other events:
	 * {@code redis://[[user]:password@]host[:port][/database]}, or {@code rediss://} for
	 * TLS; empty: nothing is shared
	 * @param onFailure what plugins get while it is away: {@code local} is the state of
	 * this gateway alone, with limits divided by the number of gateways; with
	 * {@code fail} they are told so and decide
	 */
	public record Redis(@DefaultValue("") String url, @DefaultValue("local") OnFailure onFailure) {

		private static final String URL = "hkp.cluster.redis.url";

		public Redis {
			if (!url.isEmpty()) {
				RedisAddress.parse(URL, url);
			}
		}

		RedisAddress address() {
			return RedisAddress.parse(URL, this.url);
		}

		/** Without the password. */
		@Override
		public String toString() {
			return "Redis[url=" + (this.url.isEmpty() ? "" : address()) + ", onFailure=" + this.onFailure + "]";
		}

		/** What plugins get while Redis is away. */
		public enum OnFailure {

			/**
			 * The state of this gateway alone, limits divided by the number of gateways.
			 */
			LOCAL,
			/** UNAVAILABLE: they decide themselves. */
			FAIL

		}

	}

	/**
	 * {@code hkp.health}.
	 *
	 * @param proofOfCall for how long requests may be decided without a plugin that
	 * should decide about them, until it is reported; 0s: it never is
	 */
	public record Health(@DefaultValue("5m") Duration proofOfCall) {

		public Health {
			SettingCheck.that(!proofOfCall.isNegative(), "hkp.health.proof-of-call", "a duration of 0 or more",
					proofOfCall);
		}

	}

	/**
	 * {@code hkp.readiness}.
	 *
	 * @param required when a required plugin that is not READY keeps readiness down:
	 * {@code startup} until all of them were READY once, {@code always} at any time
	 * @param upstream whether readiness is down, too, while no keyserver answers
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
