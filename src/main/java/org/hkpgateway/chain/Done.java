package org.hkpgateway.chain;

/**
 * What a chain has done with a request, without the request: shadows are compared with it
 * when the request is long over.
 *
 * @param status of the answer; 0 if the request was forwarded
 */
record Done(int status) {

	static final Done FORWARDED = new Done(0);

	static Done of(ChainResult result) {
		return (result instanceof ChainResult.Answer answer) ? new Done(answer.head().status()) : FORWARDED;
	}

	boolean isAnswer() {
		return this.status != 0;
	}

}
