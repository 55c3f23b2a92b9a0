package org.hkpgateway.plugin;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

import org.hkpgateway.hkp.HkpRequest;
import org.hkpgateway.hkp.Operation;
import org.hkpgateway.http.AddressRange;
import org.hkpgateway.http.RequestHead;

import org.jspecify.annotations.Nullable;

/**
 * Which requests a plugin is shown. An empty list holds for every request; of any other
 * one entry must fit; all four must hold. Equal if they mean the same, whatever the order
 * of the entries.
 *
 * @param methods HTTP methods; they are case-sensitive
 * @param operations words of {@link Operation#word()} and {@link #NOT_HKP}
 * @param paths patterns of the decoded path
 * @param clients ranges of the resolved client's address
 */
public record MatchRules(Set<String> methods, Set<String> operations, List<PathGlob> paths,
		List<AddressRange> clients) {

	/** What stands for a request that is not under {@code /pks/}. */
	public static final String NOT_HKP = "not-hkp";

	/** Every request. */
	public static final MatchRules EVERYTHING = new MatchRules(Set.of(), Set.of(), List.of(), List.of());

	public MatchRules {
		methods.forEach(MatchRules::method);
		operations.forEach(MatchRules::operation);
		methods = Collections.unmodifiableSet(new TreeSet<>(methods));
		operations = Collections.unmodifiableSet(new TreeSet<>(operations));
		paths = sorted(paths);
		clients = sorted(clients);
	}

	private static <T> List<T> sorted(Collection<T> entries) {
		return entries.stream().distinct().sorted(Comparator.comparing(Object::toString)).toList();
	}

	/**
	 * Checks a method.
	 * @param text for example {@code POST}
	 * @return the same
	 * @throws IllegalArgumentException if no request with it is ever shown to a plugin
	 */
	public static String method(String text) {
		if (!RequestHead.METHODS.contains(text)) {
			throw new IllegalArgumentException(
					"expected: one of " + String.join(", ", RequestHead.METHODS) + ", got: " + text);
		}
		return text;
	}

	/**
	 * Checks an operation.
	 * @param text for example {@code index}
	 * @return the same
	 * @throws IllegalArgumentException if there is no such operation
	 */
	public static String operation(String text) {
		if (!Operation.words().contains(text) && !text.equals(NOT_HKP)) {
			throw new IllegalArgumentException(
					"expected: one of " + String.join(", ", Operation.words()) + ", " + NOT_HKP + ", got: " + text);
		}
		return text;
	}

	/**
	 * Compares with a request. Cheap, and without any state.
	 * @param request as the client sent it; the body does not matter
	 * @return what keeps the plugin from it; null if it is shown to the plugin
	 */
	public @Nullable Criterion mismatch(RequestEvent request) {
		if (!this.methods.isEmpty() && !this.methods.contains(request.head().method())) {
			return Criterion.METHODS;
		}
		if (!this.operations.isEmpty() && !this.operations.contains(word(request.hkp()))) {
			return Criterion.OPERATIONS;
		}
		if (!this.clients.isEmpty()
				&& this.clients.stream().noneMatch((range) -> range.contains(request.client().getAddress()))) {
			return Criterion.CLIENTS;
		}
		if (!this.paths.isEmpty() && this.paths.stream().noneMatch((path) -> path.matches(request.path()))) {
			return Criterion.PATHS;
		}
		return null;
	}

	/**
	 * What of the rules can never hold because of the other rules, whatever is requested:
	 * it is told from the methods and paths that belong to each operation. What is not
	 * told may still be a mistake.
	 * @return for example {@code operations add (with methods GET)}; {@link #toString()}
	 * if none of it can ever hold; empty if nothing is to be said
	 */
	public List<String> impossible() {
		if (!isPossible(this.methods, this.operations, this.paths)) {
			return List.of(toString());
		}
		List<String> impossible = new ArrayList<>();
		for (String operation : this.operations) {
			add(impossible, new MatchRules(Set.of(), Set.of(operation), List.of(), List.of()),
					isPossible(this.methods, Set.of(operation), this.paths));
		}
		for (String method : this.methods) {
			add(impossible, new MatchRules(Set.of(method), Set.of(), List.of(), List.of()),
					isPossible(Set.of(method), this.operations, this.paths));
		}
		for (PathGlob path : this.paths) {
			add(impossible, new MatchRules(Set.of(), Set.of(), List.of(path), List.of()),
					isPossible(this.methods, this.operations, List.of(path)));
		}
		return impossible;
	}

	private static void add(List<String> impossible, MatchRules entry, boolean possible) {
		if (!possible) {
			impossible.add(entry.toString());
		}
	}

	private static boolean isPossible(Set<String> methods, Set<String> operations, List<PathGlob> paths) {
		return operations.isEmpty() || operations.contains(NOT_HKP)
				|| Arrays.stream(Operation.values())
					.filter((operation) -> operations.contains(operation.word()))
					.filter((operation) -> methods.isEmpty() || methods.stream().anyMatch(operation::isAskedBy))
					.anyMatch((operation) -> paths.isEmpty() || operation.paths()
						.stream()
						.anyMatch((path) -> paths.stream().anyMatch((glob) -> glob.meets(path))));
	}

	private static String word(@Nullable HkpRequest hkp) {
		return (hkp != null) ? hkp.operation().word() : NOT_HKP;
	}

	/** For example {@code methods GET, POST and clients 10.0.0.0/8}. */
	@Override
	public String toString() {
		List<String> lists = new ArrayList<>();
		add(lists, Criterion.METHODS, this.methods);
		add(lists, Criterion.OPERATIONS, this.operations);
		add(lists, Criterion.PATHS, this.paths);
		add(lists, Criterion.CLIENTS, this.clients);
		return lists.isEmpty() ? "everything" : String.join(" and ", lists);
	}

	private static void add(List<String> lists, Criterion name, Collection<?> entries) {
		if (!entries.isEmpty()) {
			lists.add(name.label() + " " + entries.stream().map(Object::toString).collect(Collectors.joining(", ")));
		}
	}

	/** One of the lists. */
	public enum Criterion {

		/** {@link MatchRules#methods()}. */
		METHODS,
		/** {@link MatchRules#operations()}. */
		OPERATIONS,
		/** {@link MatchRules#paths()}. */
		PATHS,
		/** {@link MatchRules#clients()}. */
		CLIENTS;

		/**
		 * Its key in the configuration.
		 * @return for example {@code methods}
		 */
		public String label() {
			return name().toLowerCase(Locale.ROOT);
		}

	}

}
