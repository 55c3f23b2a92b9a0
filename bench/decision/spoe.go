package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
)

// serveSpoe answers HAProxy's questions: it sets txn.<prefix>.refuse for a request that the rule
// does not allow, and nothing for others.
func serveSpoe(listener net.Listener, rule rule) error {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer connection.Close()
			if err := converse(connection, rule); err != nil && !errors.Is(err, io.EOF) {
				fmt.Fprintln(os.Stderr, "decision: connection of HAProxy:", err)
			}
		}()
	}
}

func converse(connection io.ReadWriter, rule rule) error {
	reader := bufio.NewReaderSize(connection, 64*1024)
	writer := bufio.NewWriterSize(connection, 64*1024)
	buffer := make([]byte, maxFrame)
	var out []byte
	for {
		question, err := readFrame(reader, buffer)
		if err != nil {
			return err
		}
		switch question.kind {
		case frameHaproxyHello:
			out = appendFrame(out[:0], frame{kind: frameAgentHello, payload: hello()})
		case frameNotify:
			allowed, err := judge(question.payload, rule)
			if err != nil {
				return err
			}
			answer := frame{kind: frameAck, streamID: question.streamID, frameID: question.frameID}
			if !allowed {
				answer.payload = setRefuse()
			}
			out = appendFrame(out[:0], answer)
		case frameHaproxyDisconnect:
			out = appendFrame(out[:0], frame{kind: frameAgentDisconnect, payload: goodbye()})
		default:
			return fmt.Errorf("expected: a hello, a question or a goodbye, got: a frame of type %d", question.kind)
		}
		if _, err := writer.Write(out); err != nil {
			return err
		}
		// Questions that are here already are answered together.
		if reader.Buffered() == 0 || question.kind != frameNotify {
			if err := writer.Flush(); err != nil {
				return err
			}
		}
		if question.kind == frameHaproxyDisconnect {
			return nil
		}
	}
}

// judge reads a list of messages, each with its named arguments, and looks at those named target.
func judge(payload []byte, rule rule) (bool, error) {
	allowed := true
	for len(payload) > 0 {
		_, rest, err := text(payload)
		if err != nil {
			return false, err
		}
		if len(rest) == 0 {
			return false, errShort
		}
		arguments := int(rest[0])
		rest = rest[1:]
		for ; arguments > 0; arguments-- {
			var name, value string
			if name, rest, err = text(rest); err != nil {
				return false, err
			}
			if value, rest, err = typed(rest); err != nil {
				return false, err
			}
			if name == "target" && !rule.allows(value) {
				allowed = false
			}
		}
		payload = rest
	}
	return allowed, nil
}

func hello() []byte {
	payload := append(appendText(nil, "version"), 8)
	payload = appendText(payload, "2.0")
	payload = append(appendText(payload, "max-frame-size"), 3)
	payload = appendVarint(payload, maxFrame)
	payload = append(appendText(payload, "capabilities"), 8)
	return appendText(payload, "pipelining")
}

func goodbye() []byte {
	payload := append(appendText(nil, "status-code"), 3, 0)
	payload = append(appendText(payload, "message"), 8)
	return appendText(payload, "bye")
}

// setRefuse is the action "set the variable refuse of the transaction to true".
func setRefuse() []byte {
	return append(appendText([]byte{1, 3, 2}, "refuse"), 0x11)
}
