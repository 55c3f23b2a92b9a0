package org.hkpgateway.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.bootstrap.DefaultBootstrapContext;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.UnboundElementsSourceFilter;
import org.springframework.boot.support.EnvironmentPostProcessorsFactory;
import org.springframework.core.env.SimpleCommandLinePropertySource;
import org.springframework.core.env.StandardEnvironment;

/**
 * Reads the configuration again, from the places that the start read it from: the command
 * line, the environment, the files.
 */
final class ConfigurationReader {

	private final String[] arguments;

	/**
	 * A reader.
	 * @param arguments the command line
	 */
	ConfigurationReader(String[] arguments) {
		this.arguments = arguments.clone();
	}

	/**
	 * Reads and validates. Blocks as reading files does.
	 * @return what a start would find now
	 * @throws RuntimeException if it would not start with it; {@link #describe} says why
	 */
	HkpProperties read() {
		StandardEnvironment environment = new StandardEnvironment();
		environment.getPropertySources().addFirst(new SimpleCommandLinePropertySource(this.arguments));
		ConfigurationPropertySources.attach(environment);
		SpringApplication application = new SpringApplication();
		// All that a start asks: a place left out would look as if its plugins were gone.
		for (EnvironmentPostProcessor processor : EnvironmentPostProcessorsFactory
			.fromSpringFactories(getClass().getClassLoader())
			.getEnvironmentPostProcessors(Supplier::get, new DefaultBootstrapContext())) {
			processor.postProcessEnvironment(environment, application);
		}
		return Binder.get(environment)
			.bindOrCreate("hkp", Bindable.of(HkpProperties.class),
					new NoUnboundElementsBindHandler(BindHandler.DEFAULT, new UnboundElementsSourceFilter()));
	}

	/**
	 * Why a configuration cannot be used.
	 * @param failure what {@link #read} has thrown
	 * @return the messages of all causes, which name the key
	 */
	static String describe(Throwable failure) {
		List<String> messages = new ArrayList<>();
		for (Throwable cause = failure; cause != null && messages.size() < 10; cause = cause.getCause()) {
			String message = Objects.requireNonNullElse(cause.getMessage(), cause.toString());
			if (!messages.contains(message)) {
				messages.add(message);
			}
		}
		return String.join(": ", messages);
	}

	/**
	 * The parts that changed and that only a restart applies.
	 * @param running the configuration in force
	 * @param next the one to come
	 * @return their keys, possibly none
	 */
	static List<String> needRestart(HkpProperties running, HkpProperties next) {
		List<String> keys = new ArrayList<>();
		compare(keys, "hkp.tls", running.tls(), next.tls());
		compare(keys, "hkp.upstream", running.upstream(), next.upstream());
		compare(keys, "hkp.client-address", running.clientAddress(), next.clientAddress());
		compare(keys, "hkp.edge", running.edge(), next.edge());
		compare(keys, "hkp.shutdown", running.shutdown(), next.shutdown());
		compare(keys, "hkp.readiness", running.readiness(), next.readiness());
		compare(keys, "hkp.health", running.health(), next.health());
		compare(keys, "hkp.management", running.management(), next.management());
		compare(keys, "hkp.state", running.state(), next.state());
		compare(keys, "hkp.cluster", running.cluster(), next.cluster());
		compare(keys, "hkp.storage", running.storage(), next.storage());
		PluginsProperties before = running.plugins();
		PluginsProperties after = next.plugins();
		compare(keys, "hkp.plugins.runtime-directory", before.runtimeDirectory(), after.runtimeDirectory());
		compare(keys, "hkp.plugins.chain-budget", before.effectiveChainBudget(), after.effectiveChainBudget());
		compare(keys, "hkp.plugins.response-budget", before.effectiveResponseBudget(), after.effectiveResponseBudget());
		compare(keys, "hkp.plugins.max-delay", before.maxDelay(), after.maxDelay());
		compare(keys, "hkp.plugins.max-delayed", before.maxDelayed(), after.maxDelayed());
		compare(keys, "hkp.plugins.uid-range", before.uidRange(), after.uidRange());
		compare(keys, "hkp.plugins.host", before.host(), after.host());
		compare(keys, "hkp.plugins.watch", before.watch(), after.watch());
		return keys;
	}

	private static void compare(List<String> keys, String key, Object before, Object after) {
		if (!before.equals(after)) {
			keys.add(key);
		}
	}

}
