package org.hkpgateway.proxy;

import io.netty.buffer.ByteBuf;

/**
 * Bytes that a connection may begin with, by which it tells what it is.
 */
enum Opening {

	/** PROXY protocol, version 1. */
	PROXY_V1("PROXY "),
	/** PROXY protocol, version 2. */
	PROXY_V2("\r\n\r\n\0\r\nQUIT\n"),
	/** HTTP/2 with prior knowledge, RFC 9113 section 3.4. */
	HTTP2("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

	private final String bytes;

	Opening(String bytes) {
		this.bytes = bytes;
	}

	/**
	 * Compares, and consumes nothing.
	 * @param in the first bytes of the connection, perhaps not all yet
	 * @return whether they are these
	 */
	Match match(ByteBuf in) {
		int length = Math.min(in.readableBytes(), this.bytes.length());
		for (int i = 0; i < length; i++) {
			if (in.getByte(in.readerIndex() + i) != this.bytes.charAt(i)) {
				return Match.NO;
			}
		}
		return (length == this.bytes.length()) ? Match.YES : Match.UNDECIDED;
	}

	/** What a comparison came to. */
	enum Match {

		/** It is. */
		YES,
		/** It is not. */
		NO,
		/** So far it could be. */
		UNDECIDED

	}

}
