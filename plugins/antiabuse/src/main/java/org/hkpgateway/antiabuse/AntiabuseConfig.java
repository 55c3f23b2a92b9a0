package org.hkpgateway.antiabuse;

import java.time.Duration;
import java.util.List;
import java.util.Set;

import org.hkpgateway.antiabuse.rule.AddressSet;
import org.hkpgateway.antiabuse.rule.ConfigReader;
import org.hkpgateway.antiabuse.rule.RulesConfig;
import org.hkpgateway.sdk.config.ConfigException;
import org.hkpgateway.sdk.config.PluginConfig;

/**
 * The plugin's configuration. README.md has the table of keys.
 *
 * @param rules what the rules are told
 * @param allow never counted, never refused
 * @param aggregate counted, and blocked, as one client
 * @param tarpit how long the gateway is to hold an answer that refuses
 * @param logAddresses whether the log names clients
 * @param keys every key there is
 * @param warnings what an operator should know, one sentence each
 */
record AntiabuseConfig(RulesConfig rules, AddressSet allow, AddressSet aggregate, Duration tarpit, boolean logAddresses,
		Set<String> keys, List<String> warnings) {

	AntiabuseConfig {
		keys = Set.copyOf(keys);
		warnings = List.copyOf(warnings);
	}

	/**
	 * Reads the configuration.
	 * @param config the configuration
	 * @return the same, typed
	 * @throws ConfigException if a value is wrong
	 */
	static AntiabuseConfig parse(PluginConfig config) {
		ConfigReader reader = new ConfigReader(config);
		RulesConfig rules = RulesConfig.read(reader);
		AddressSet allow = reader.addresses("allow");
		AddressSet aggregate = reader.addresses("aggregate");
		Duration tarpit = reader.delay("tarpit");
		boolean logAddresses = reader.flag("log_addresses", true);
		return new AntiabuseConfig(rules, allow, aggregate, tarpit, logAddresses, reader.keys(), reader.warnings());
	}

}
