package org.hkpgateway.testsupport;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * A client of HTTP/2 that sends the frames it is told to, sound or not, and shows those
 * that come back.
 */
public final class RawHttp2 implements AutoCloseable {

	public static final int DATA = 0;

	public static final int HEADERS = 1;

	public static final int RST_STREAM = 3;

	public static final int SETTINGS = 4;

	public static final int PING = 6;

	public static final int GOAWAY = 7;

	public static final int WINDOW_UPDATE = 8;

	public static final int CONTINUATION = 9;

	public static final int END_STREAM = 1;

	public static final int END_HEADERS = 4;

	private static final int ACK = 1;

	private static final int MAX_FRAME = 16_384;

	private static final short MAX_HEADER_LIST_SIZE = 6;

	private final Socket socket;

	private final DataInputStream in;

	private final DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();

	private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);

	private final Queue<Frame> early = new ArrayDeque<>();

	private int connectionWindow = 65_535;

	private final Map<Integer, Integer> given = new HashMap<>();

	private long maxHeaderList = -1;

	/**
	 * Begins HTTP/2 on a connection.
	 * @param socket connected, perhaps TLS
	 */
	public RawHttp2(Socket socket) throws IOException {
		this.socket = socket;
		this.socket.setSoTimeout(20_000);
		this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
		send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
		frame(SETTINGS, 0, 0, new byte[0]);
	}

	/** In the clear, with prior knowledge. */
	public static RawHttp2 connect(int port) throws IOException {
		Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
		socket.setTcpNoDelay(true);
		return new RawHttp2(socket);
	}

	public void send(byte[] bytes) throws IOException {
		this.socket.getOutputStream().write(bytes);
		this.socket.getOutputStream().flush();
	}

	/** Many frames in one write. */
	public static byte[] bytes(int type, int flags, int stream, byte[] payload) {
		ByteBuf frame = Unpooled.buffer(9 + payload.length);
		frame.writeMedium(payload.length).writeByte(type).writeByte(flags).writeInt(stream).writeBytes(payload);
		return ByteBufUtil.getBytes(frame);
	}

	public RawHttp2 frame(int type, int flags, int stream, byte[] payload) throws IOException {
		send(bytes(type, flags, stream, payload));
		return this;
	}

	/**
	 * Encodes a header list.
	 * @param fields names and values in turn
	 * @return the block
	 */
	public byte[] block(String... fields) {
		Http2Headers headers = new DefaultHttp2Headers(false);
		for (int i = 0; i < fields.length; i += 2) {
			headers.add(fields[i], fields[i + 1]);
		}
		ByteBuf block = Unpooled.buffer();
		try {
			this.encoder.encodeHeaders(1, headers, block);
		}
		catch (Http2Exception ex) {
			throw new IllegalStateException(ex);
		}
		return ByteBufUtil.getBytes(block);
	}

	/** Sends a head in as many frames as it needs. */
	public RawHttp2 head(int stream, boolean end, String... fields) throws IOException {
		byte[] block = block(fields);
		for (int from = 0; from == 0 || from < block.length; from += MAX_FRAME) {
			int to = Math.min(from + MAX_FRAME, block.length);
			int flags = ((to == block.length) ? END_HEADERS : 0) | ((from == 0 && end) ? END_STREAM : 0);
			frame((from == 0) ? HEADERS : CONTINUATION, flags, stream, Arrays.copyOfRange(block, from, to));
		}
		return this;
	}

	/** Sends a sound head. */
	public RawHttp2 request(int stream, boolean end, String method, String path, String... more) throws IOException {
		List<String> fields = new ArrayList<>(
				List.of(":method", method, ":scheme", "http", ":path", path, ":authority", "keys.example"));
		fields.addAll(List.of(more));
		return head(stream, end, fields.toArray(String[]::new));
	}

	public RawHttp2 data(int stream, boolean end, byte[] bytes) throws IOException {
		return frame(DATA, end ? END_STREAM : 0, stream, bytes);
	}

	public RawHttp2 reset(int stream) throws IOException {
		return frame(RST_STREAM, 0, stream, new byte[] { 0, 0, 0, 8 });
	}

	/**
	 * The next frame that matters; answers SETTINGS and PING meanwhile.
	 * @return null at the end of the connection
	 */
	public Frame next() throws IOException {
		if (!this.early.isEmpty()) {
			return this.early.remove();
		}
		while (true) {
			Frame frame = read();
			if (frame == null || (frame.type != PING && frame.type != WINDOW_UPDATE)) {
				return frame;
			}
		}
	}

	/**
	 * Sends PING and reads until it is answered: by then the gateway has read what was
	 * sent before. What came meanwhile is there for {@link #next}.
	 */
	public RawHttp2 roundTrip() throws IOException {
		frame(PING, 0, 0, new byte[8]);
		Frame frame = read();
		while (frame != null && frame.type != PING) {
			if (frame.type != WINDOW_UPDATE) {
				this.early.add(frame);
			}
			frame = read();
		}
		return this;
	}

	/**
	 * How many frames came until the last {@link #roundTrip} and were not looked at.
	 * @return those that {@link #next} has
	 */
	public int waiting() {
		return this.early.size();
	}

	/**
	 * How much the gateway takes of all bodies together before it has read any.
	 * @return bytes
	 */
	public int connectionWindow() {
		return this.connectionWindow;
	}

	/**
	 * How much of a stream's window the gateway has given back so far.
	 * @return bytes that may be sent beyond the first 65,535
	 */
	public int given(int stream) {
		return this.given.getOrDefault(stream, 0);
	}

	/**
	 * The longest header list that the gateway says it takes.
	 * @return bytes, the last it has said; -1 if it has said none
	 */
	public long maxHeaderList() {
		return this.maxHeaderList;
	}

	private void settings(byte[] payload) {
		ByteBuffer settings = ByteBuffer.wrap(payload);
		while (settings.hasRemaining()) {
			short id = settings.getShort();
			int value = settings.getInt();
			if (id == MAX_HEADER_LIST_SIZE) {
				this.maxHeaderList = value;
			}
		}
	}

	/**
	 * If the gateway has ended the connection, its last words may be still to be read.
	 */
	private void reply(int type, byte[] payload) throws IOException {
		try {
			frame(type, ACK, 0, payload);
		}
		catch (SocketException ex) {
			// Shows when there is nothing left to read.
		}
	}

	/** Also answers to PING and changes of windows. */
	private Frame read() throws IOException {
		while (true) {
			Frame frame;
			try {
				int length = this.in.readUnsignedByte() << 16 | this.in.readUnsignedShort();
				int type = this.in.readUnsignedByte();
				int flags = this.in.readUnsignedByte();
				int stream = this.in.readInt();
				frame = new Frame(type, flags, stream, this.in.readNBytes(length));
			}
			catch (EOFException | SocketException ex) {
				return null;
			}
			boolean ack = (frame.flags & ACK) != 0;
			if (frame.type == SETTINGS && !ack) {
				settings(frame.payload);
				reply(SETTINGS, new byte[0]);
			}
			else if (frame.type == PING && !ack) {
				reply(PING, frame.payload);
			}
			else if (frame.type != SETTINGS) {
				if (frame.type == WINDOW_UPDATE) {
					int bytes = ByteBuffer.wrap(frame.payload).getInt();
					this.connectionWindow += (frame.stream == 0) ? bytes : 0;
					this.given.merge(frame.stream, bytes, Integer::sum);
				}
				return frame;
			}
		}
	}

	/** Reads until the stream or the connection ends. */
	public Answer answer(int stream) throws IOException {
		return answers(stream).get(stream);
	}

	/** Reads until all these streams or the connection have ended. */
	public Map<Integer, Answer> answers(int... streams) throws IOException {
		Map<Integer, Answer> answers = new LinkedHashMap<>();
		for (int stream : streams) {
			answers.put(stream, new Answer());
		}
		while (answers.values().stream().anyMatch((answer) -> !answer.ended && answer.reset < 0)) {
			Frame frame = next();
			if (frame == null || frame.type == GOAWAY) {
				answers.values().forEach((answer) -> answer.goAway = (frame != null) ? frame.error() : -1);
				return answers;
			}
			Answer answer = answers.get(frame.stream);
			if (frame.type == HEADERS) {
				// In order, whoever they are for: the table is the connection's.
				Map<String, String> headers = decode(frame);
				if (answer != null && !"100".equals(headers.get(":status"))) {
					answer.headers.putAll(headers);
				}
				else if (answer != null) {
					answer.continued = true;
				}
			}
			if (answer == null) {
				continue;
			}
			if (frame.type == DATA) {
				answer.body.write(frame.payload);
			}
			if (frame.type == RST_STREAM) {
				answer.reset = frame.error();
			}
			else if ((frame.flags & END_STREAM) != 0) {
				answer.ended = true;
			}
		}
		return answers;
	}

	private Map<String, String> decode(Frame frame) throws IOException {
		try {
			Map<String, String> headers = new LinkedHashMap<>();
			this.decoder.decodeHeaders(frame.stream, Unpooled.wrappedBuffer(frame.payload))
				.forEach((entry) -> headers.put(entry.getKey().toString(), entry.getValue().toString()));
			return headers;
		}
		catch (Http2Exception ex) {
			throw new IOException(ex);
		}
	}

	/** Reads until the connection ends. */
	public List<Frame> rest() throws IOException {
		List<Frame> frames = new ArrayList<>();
		for (Frame frame = next(); frame != null; frame = next()) {
			frames.add(frame);
		}
		return frames;
	}

	@Override
	public void close() throws IOException {
		this.socket.close();
	}

	/**
	 * A frame.
	 *
	 * @param type as on the wire
	 * @param flags as on the wire
	 * @param stream 0 for the connection
	 * @param payload what is in it
	 */
	public record Frame(int type, int flags, int stream, byte[] payload) {

		/** The error code of RST_STREAM and GOAWAY. */
		public int error() {
			return Unpooled.wrappedBuffer(this.payload).getInt((this.type == GOAWAY) ? 4 : 0);
		}

	}

	/** What came back on a stream. */
	public static final class Answer {

		private final Map<String, String> headers = new LinkedHashMap<>();

		private final ByteArrayOutputStream body = new ByteArrayOutputStream();

		private boolean ended;

		private boolean continued;

		private int reset = -1;

		private int goAway = -1;

		public int status() {
			return Integer.parseInt(this.headers.getOrDefault(":status", "0"));
		}

		public Map<String, String> headers() {
			return this.headers;
		}

		public String body() {
			return this.body.toString(StandardCharsets.ISO_8859_1);
		}

		/** Whether it is whole, for the client. */
		public boolean ended() {
			return this.ended;
		}

		/** Whether 100 came before it. */
		public boolean continued() {
			return this.continued;
		}

		/** The error of RST_STREAM, -1 if none came. */
		public int reset() {
			return this.reset;
		}

		/** The error of GOAWAY, if it came first, else -1. */
		public int goAway() {
			return this.goAway;
		}

		@Override
		public String toString() {
			return "headers=" + this.headers + " body=" + body() + " ended=" + this.ended + " reset=" + this.reset
					+ " goaway=" + this.goAway;
		}

	}

}
