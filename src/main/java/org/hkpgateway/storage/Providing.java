package org.hkpgateway.storage;

import java.time.Duration;

import org.hkpgateway.plugin.KeyInfo;
import org.hkpgateway.plugin.KeyPage;
import org.hkpgateway.plugin.KeyProvider;
import org.hkpgateway.plugin.KeyQuery;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One query, answered by a plugin that has keys itself, page by page.
 */
final class Providing {

	static final int PAGE = 1000;

	private final KeyProvider.Named provider;

	private final KeyQuery query;

	private final Duration timeout;

	/**
	 * Asks nobody yet.
	 * @param provider who to ask
	 * @param query what to ask
	 * @param timeout the longest to wait for each page; the plugin's own may be shorter
	 */
	Providing(KeyProvider.Named provider, KeyQuery query, Duration timeout) {
		this.provider = provider;
		this.query = query;
		this.timeout = timeout;
	}

	/**
	 * Asks for all keys, for the next page when those of the page before were taken.
	 * @return {@link DeclinedException} if the plugin leaves them to the keyserver;
	 * another failure if it does not answer
	 */
	Flux<KeyInfo> keys() {
		return page(0).expand((part) -> part.isLast() ? Mono.empty() : page(part.end()))
			.concatMapIterable((part) -> part.page().keys(), 1);
	}

	private Mono<Part> page(int offset) {
		return this.provider.keys()
			.provide(new KeyProvider.Question(this.query, offset, PAGE), this.timeout)
			.map((page) -> new Part(offset, page.orElseThrow(DeclinedException::new)));
	}

	/**
	 * A page and where it begins.
	 *
	 * @param offset how many keys come before
	 * @param page the page
	 */
	private record Part(int offset, KeyPage page) {

		int end() {
			return this.offset + this.page.keys().size();
		}

		/** One without keys ends it, whatever it says of more. */
		boolean isLast() {
			return this.page.keys().isEmpty() || end() >= this.page.total();
		}

	}

	/** The plugin leaves the query to the keyserver. */
	static final class DeclinedException extends RuntimeException {

		private static final long serialVersionUID = 1L;

		DeclinedException() {
			super("left to the keyserver", null, false, false);
		}

	}

}
