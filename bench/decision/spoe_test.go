package main

import (
	"bufio"
	"bytes"
	"net"
	"testing"
	"time"
)

func TestVarintsReadBackAsWritten(t *testing.T) {
	for _, value := range []uint64{0, 239, 240, 2287, 2288, 264431, 1 << 40} {
		written := appendVarint(nil, value)
		read, rest, err := varint(append(written, 7))
		if err != nil || read != value || !bytes.Equal(rest, []byte{7}) {
			t.Errorf("%d as % x: got %d, rest % x, %v", value, written, read, rest, err)
		}
	}
}

func TestVarintsHaveTheLengthsOfTheSpecification(t *testing.T) {
	for value, length := range map[uint64]int{239: 1, 240: 2, 2287: 2, 2288: 3, 264431: 3, 264432: 4} {
		if written := appendVarint(nil, value); len(written) != length {
			t.Errorf("%d: expected: %d bytes, got: % x", value, length, written)
		}
	}
}

func TestAgentTellsRefusedFromAllowed(t *testing.T) {
	haproxy, agent := net.Pipe()
	defer haproxy.Close()
	_ = haproxy.SetDeadline(time.Now().Add(5 * time.Second))
	go func() { _ = converse(agent, rule{refuse: "bad"}) }()
	reader, buffer := bufio.NewReader(haproxy), make([]byte, maxFrame)

	ask := func(question frame) frame {
		t.Helper()
		if _, err := haproxy.Write(appendFrame(nil, question)); err != nil {
			t.Fatal(err)
		}
		answer, err := readFrame(reader, buffer)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	if answer := ask(frame{kind: frameHaproxyHello}); answer.kind != frameAgentHello {
		t.Fatalf("expected: a hello, got: %v", answer)
	}
	if answer := ask(question(300, "/good")); answer.kind != frameAck || answer.streamID != 300 || len(answer.payload) != 0 {
		t.Errorf("expected: nothing to do for stream 300, got: %v", answer)
	}
	if answer := ask(question(301, "/bad")); !bytes.Equal(answer.payload, setRefuse()) {
		t.Errorf("expected: refuse, got: % x", answer.payload)
	}
}

func question(stream uint64, target string) frame {
	payload := append(appendText(nil, "request"), 2)
	payload = append(appendText(payload, "client"), 6, 127, 0, 0, 1)
	payload = append(appendText(payload, "target"), 8)
	return frame{kind: frameNotify, streamID: stream, frameID: 1, payload: appendText(payload, target)}
}
