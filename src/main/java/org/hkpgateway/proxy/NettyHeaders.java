package org.hkpgateway.proxy;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map.Entry;
import java.util.function.Predicate;

import io.netty.handler.codec.http.HttpHeaders;
import org.hkpgateway.http.HeaderField;
import org.hkpgateway.http.HeaderMutation;
import org.hkpgateway.http.Headers;

/**
 * Copies between Netty's headers and ours.
 */
final class NettyHeaders {

	private NettyHeaders() {
	}

	/**
	 * Copies headers as received.
	 * @param received the headers
	 * @return all of them, in order
	 * @throws IllegalArgumentException if one is not a valid header field
	 */
	static Headers copy(HttpHeaders received) {
		return copy(received, (name) -> false);
	}

	/**
	 * Copies some of the headers received.
	 * @param received the headers
	 * @param dropped names that are left out
	 * @return the others, in order
	 * @throws IllegalArgumentException if one of them is not a valid header field
	 */
	static Headers copy(HttpHeaders received, Predicate<String> dropped) {
		List<HeaderField> fields = new ArrayList<>(received.size());
		for (Iterator<Entry<CharSequence, CharSequence>> all = received.iteratorCharSequence(); all.hasNext();) {
			Entry<CharSequence, CharSequence> field = all.next();
			String name = field.getKey().toString();
			if (!dropped.test(name)) {
				fields.add(new HeaderField(name, field.getValue().toString()));
			}
		}
		return Headers.of(fields);
	}

	/**
	 * Passes headers on, without a copy of ours in between.
	 * @param received valid headers
	 * @param dropped names that are left out
	 * @param to where the others go, in order
	 */
	static void pass(HttpHeaders received, Predicate<String> dropped, HttpHeaders to) {
		for (Iterator<Entry<CharSequence, CharSequence>> all = received.iteratorCharSequence(); all.hasNext();) {
			Entry<CharSequence, CharSequence> field = all.next();
			if (!dropped.test(field.getKey().toString())) {
				to.add(field.getKey(), field.getValue());
			}
		}
	}

	/**
	 * Checks headers received.
	 * @param received the headers
	 * @throws IllegalArgumentException if one is not a valid header field
	 */
	static void check(HttpHeaders received) {
		for (Iterator<Entry<CharSequence, CharSequence>> all = received.iteratorCharSequence(); all.hasNext();) {
			Entry<CharSequence, CharSequence> field = all.next();
			String name = field.getKey().toString();
			HeaderField.checkName(name);
			HeaderField.checkValue(name, field.getValue().toString());
		}
	}

	/**
	 * Changes headers as {@link Headers#apply} does.
	 * @param mutations the changes, in order
	 * @param to what is changed
	 */
	static void apply(List<HeaderMutation> mutations, HttpHeaders to) {
		for (HeaderMutation mutation : mutations) {
			if (!(mutation instanceof HeaderMutation.Append)) {
				to.remove(mutation.name());
			}
			if (mutation instanceof HeaderMutation.Set set) {
				to.add(set.name(), set.value());
			}
			else if (mutation instanceof HeaderMutation.Append append) {
				to.add(append.name(), append.value());
			}
		}
	}

	static void add(Headers headers, HttpHeaders to) {
		for (HeaderField field : headers) {
			to.add(field.name(), field.value());
		}
	}

}
