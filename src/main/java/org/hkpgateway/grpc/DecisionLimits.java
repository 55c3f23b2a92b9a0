package org.hkpgateway.grpc;

import java.util.Map;

import org.hkpgateway.plugin.TargetRewrite;
import org.hkpgateway.proto.HandleResponse;
import org.hkpgateway.proto.HeaderMutation;
import org.hkpgateway.proto.UpstreamResponseDecision;

/**
 * Bounds on what one answer may ask for, checked before anything is made of it. Messages
 * are limited too, but megabytes of headers would still be passed on to the client or the
 * keyserver.
 */
final class DecisionLimits {

	static final int MAX_HEADER_CHANGES = 64;

	static final int MAX_HEADER_BYTES = 64 * 1024;

	static final int MAX_ANNOTATIONS = 32;

	static final int MAX_ANNOTATION_BYTES = 8 * 1024;

	static final int MAX_REASON_BYTES = 1024;

	static final int MAX_CONTENT_TYPE_BYTES = 256;

	private DecisionLimits() {
	}

	/**
	 * Checks an answer.
	 * @param answer the answer
	 * @throws IllegalArgumentException if it is beyond a limit
	 */
	static void check(HandleResponse answer) {
		check("header changes", "", MAX_HEADER_CHANGES,
				(long) answer.getHeadersCount() + answer.getRequestHeadersCount() + answer.getResponseHeadersCount());
		check("header changes", " bytes", MAX_HEADER_BYTES, size(answer.getHeadersMap())
				+ size(answer.getRequestHeadersList()) + size(answer.getResponseHeadersList()));
		check("annotations", "", MAX_ANNOTATIONS, answer.getAnnotationsCount());
		check("annotations", " bytes", MAX_ANNOTATION_BYTES, size(answer.getAnnotationsMap()));
		check("rewrite", " bytes", TargetRewrite.MAX_TARGET_BYTES,
				(long) answer.getRewrite().getPath().length() + answer.getRewrite().getQuery().length());
		check("content_type of the body", " bytes", MAX_CONTENT_TYPE_BYTES,
				answer.getBodyReplacement().getContentType().length());
	}

	/**
	 * Checks a decision about the keyserver's answer.
	 * @param answer the decision
	 * @throws IllegalArgumentException if it is beyond a limit
	 */
	static void check(UpstreamResponseDecision answer) {
		check("header changes", "", MAX_HEADER_CHANGES, answer.getResponseHeadersCount());
		check("header changes", " bytes", MAX_HEADER_BYTES, size(answer.getResponseHeadersList()));
		check("annotations", "", MAX_ANNOTATIONS, answer.getAnnotationsCount());
		check("annotations", " bytes", MAX_ANNOTATION_BYTES, size(answer.getAnnotationsMap()));
	}

	private static void check(String what, String unit, int limit, long found) {
		if (found > limit) {
			throw new IllegalArgumentException(what + ": expected: at most " + limit + unit + ", got: " + found + unit);
		}
	}

	private static long size(Map<String, String> texts) {
		long size = 0;
		for (Map.Entry<String, String> text : texts.entrySet()) {
			size += text.getKey().length() + text.getValue().length();
		}
		return size;
	}

	private static long size(Iterable<HeaderMutation> mutations) {
		long size = 0;
		for (HeaderMutation mutation : mutations) {
			size += mutation.getName().length() + mutation.getValue().size();
		}
		return size;
	}

}
