package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The frames of HAProxy's Stream Processing Offload Protocol 2.0, as far as an agent needs them
// that neither splits its answers nor takes split questions.

const (
	frameHaproxyHello      = 1
	frameHaproxyDisconnect = 2
	frameNotify            = 3
	frameAgentHello        = 101
	frameAgentDisconnect   = 102
	frameAck               = 103

	flagFin = 1

	maxFrame = 16380
)

var errShort = errors.New("expected: a whole value, got: the end of the frame")

type frame struct {
	kind     byte
	streamID uint64
	frameID  uint64
	payload  []byte
}

// readFrame reads one frame into buffer, which the frame's payload then shares.
func readFrame(reader *bufio.Reader, buffer []byte) (frame, error) {
	var length [4]byte
	if _, err := io.ReadFull(reader, length[:]); err != nil {
		return frame{}, err
	}
	size := binary.BigEndian.Uint32(length[:])
	if size < 7 || int(size) > len(buffer) {
		return frame{}, fmt.Errorf("expected: a frame of 7 to %d bytes, got: %d", len(buffer), size)
	}
	body := buffer[:size]
	if _, err := io.ReadFull(reader, body); err != nil {
		return frame{}, err
	}
	if flags := binary.BigEndian.Uint32(body[1:5]); flags != flagFin {
		return frame{}, fmt.Errorf("expected: a frame in one piece, got: flags %#x", flags)
	}
	result := frame{kind: body[0]}
	var err error
	rest := body[5:]
	if result.streamID, rest, err = varint(rest); err != nil {
		return frame{}, err
	}
	if result.frameID, result.payload, err = varint(rest); err != nil {
		return frame{}, err
	}
	return result, nil
}

// appendFrame appends a frame with its length in front.
func appendFrame(to []byte, frame frame) []byte {
	start := len(to)
	to = append(to, 0, 0, 0, 0, frame.kind, 0, 0, 0, flagFin)
	to = appendVarint(to, frame.streamID)
	to = appendVarint(to, frame.frameID)
	to = append(to, frame.payload...)
	binary.BigEndian.PutUint32(to[start:], uint32(len(to)-start-4))
	return to
}

func varint(from []byte) (uint64, []byte, error) {
	if len(from) == 0 {
		return 0, nil, errShort
	}
	value := uint64(from[0])
	if value < 240 {
		return value, from[1:], nil
	}
	for i, shift := 1, 4; i < len(from) && shift < 64; i, shift = i+1, shift+7 {
		value += uint64(from[i]) << shift
		if from[i] < 128 {
			return value, from[i+1:], nil
		}
	}
	return 0, nil, errShort
}

func appendVarint(to []byte, value uint64) []byte {
	if value < 240 {
		return append(to, byte(value))
	}
	to = append(to, byte(value)|240)
	for value = (value - 240) >> 4; value >= 128; value = (value - 128) >> 7 {
		to = append(to, byte(value)|128)
	}
	return append(to, byte(value))
}

func text(from []byte) (string, []byte, error) {
	length, rest, err := varint(from)
	if err != nil {
		return "", nil, err
	}
	if length > uint64(len(rest)) {
		return "", nil, errShort
	}
	return string(rest[:length]), rest[length:], nil
}

func appendText(to []byte, value string) []byte {
	return append(appendVarint(to, uint64(len(value))), value...)
}

// typed reads a value with its type in front; those that are no text are passed over.
func typed(from []byte) (string, []byte, error) {
	if len(from) == 0 {
		return "", nil, errShort
	}
	kind, rest := from[0]&0x0f, from[1:]
	skip := 0
	switch kind {
	case 0, 1: // null, boolean
	case 2, 3, 4, 5: // integers
		_, rest, err := varint(rest)
		return "", rest, err
	case 6: // IPv4
		skip = 4
	case 7: // IPv6
		skip = 16
	case 8, 9: // string, binary
		return text(rest)
	default:
		return "", nil, fmt.Errorf("expected: a type from 0 to 9, got: %d", kind)
	}
	if skip > len(rest) {
		return "", nil, errShort
	}
	return "", rest[skip:], nil
}
