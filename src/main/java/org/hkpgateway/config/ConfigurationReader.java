package org.hkpgateway.config;

import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.bootstrap.DefaultBootstrapContext;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.UnboundElementsSourceFilter;
import org.springframework.boot.support.EnvironmentPostProcessorsFactory;
import org.springframework.core.convert.ConversionFailedException;
import org.springframework.core.env.SimpleCommandLinePropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.util.unit.DataSize;

/**
 * Reads the configuration again, from the places that the start read it from: the command
 * line, the environment, the files.
 */
final class ConfigurationReader {

	/** And what is below them. All else is read once, at the start. */
	private static final List<String> APPLIED_BY_RESCAN = List.of("hkp.plugins.directories", "hkp.plugins.transport",
			"hkp.plugins.isolation", "hkp.plugins.default-grants", "hkp.plugins.settings", "hkp.plugins.remote");

	private static final Map<Class<?>, String> READABLE = Map.of(Duration.class, "a duration, for example 10s or 5m",
			DataSize.class, "a size, for example 64KB or 16MB", Integer.class, "a whole number", int.class,
			"a whole number", Long.class, "a whole number", long.class, "a whole number", Boolean.class,
			"true or false", boolean.class, "true or false");

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
			.bindOrCreate("hkp", Bindable.of(HkpProperties.class), new WholeNumbers(
					new NoUnboundElementsBindHandler(BindHandler.DEFAULT, new UnboundElementsSourceFilter())));
	}

	/**
	 * Why a configuration cannot be used.
	 * @param failure what {@link #read} has thrown
	 * @return the key, what was expected and what came, as far as that is known
	 */
	static String describe(Throwable failure) {
		List<String> messages = new ArrayList<>();
		for (Throwable cause = failure; cause != null && messages.size() < 10; cause = cause.getCause()) {
			if (cause instanceof BindException binding
					&& binding.getCause() instanceof ConversionFailedException conversion) {
				return binding.getName() + ": expected: " + words(conversion.getTargetType().getType()) + ", got: "
						+ conversion.getValue() + origin(binding.getProperty());
			}
			if (cause instanceof UnusableSettingException unusable) {
				return unusable.getMessage() + "; " + unusable.action();
			}
			String message = Objects.requireNonNullElse(cause.getMessage(), cause.toString());
			if (!messages.contains(message)) {
				messages.add(message);
			}
		}
		return String.join(": ", messages);
	}

	/** What can be read as a type. */
	private static String words(Class<?> type) {
		if (type.isEnum()) {
			return "one of " + Stream.of(type.getEnumConstants())
				.map((constant) -> ((Enum<?>) constant).name().toLowerCase(Locale.ROOT).replace('_', '-'))
				.collect(Collectors.joining(", "));
		}
		return READABLE.getOrDefault(type, "a " + type.getSimpleName());
	}

	private static String origin(@Nullable ConfigurationProperty property) {
		return (property != null && property.getOrigin() != null) ? " (" + property.getOrigin() + ")" : "";
	}

	/**
	 * The keys that changed and that only a restart applies.
	 * @param running the configuration in force
	 * @param next the one to come
	 * @return the keys, possibly none
	 */
	static List<String> needRestart(HkpProperties running, HkpProperties next) {
		List<String> keys = new ArrayList<>();
		compare(keys, "hkp", running, next);
		PluginsProperties before = running.plugins();
		PluginsProperties after = next.plugins();
		inForce(keys, "hkp.plugins.chain-budget", before.effectiveChainBudget(), after.effectiveChainBudget());
		inForce(keys, "hkp.plugins.response-budget", before.effectiveResponseBudget(), after.effectiveResponseBudget());
		return keys;
	}

	/**
	 * Whether a change of a key is put in force by a rescan.
	 * @param key for example {@code hkp.plugins.settings.<name>.timeout}
	 * @return false if it takes a restart
	 */
	static boolean isAppliedByRescan(String key) {
		return APPLIED_BY_RESCAN.stream().anyMatch((applied) -> key.equals(applied) || key.startsWith(applied + "."));
	}

	private static void compare(List<String> keys, String key, Object before, Object after) {
		if (before.equals(after) || isAppliedByRescan(key)) {
			return;
		}
		RecordComponent[] components = before.getClass().getRecordComponents();
		if (components == null) {
			keys.add(key);
			return;
		}
		for (RecordComponent component : components) {
			compare(keys, key + "." + DataObjectPropertyName.toDashedForm(component.getName()),
					value(component, before), value(component, after));
		}
	}

	private static Object value(RecordComponent component, Object properties) {
		try {
			return component.getAccessor().invoke(properties);
		}
		catch (ReflectiveOperationException ex) {
			throw new IllegalStateException("expected: public properties, got: " + component, ex);
		}
	}

	/** While a plugin is attached, what is configured is not what is in force. */
	private static void inForce(List<String> keys, String key, Duration before, Duration after) {
		keys.remove(key);
		if (!before.equals(after)) {
			keys.add(key);
		}
	}

}
