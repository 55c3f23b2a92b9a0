package count

import (
	"encoding/binary"
	"math"
	"net/netip"
	"strconv"
)

// Client is who is counted as one: an IPv4 address, or an IPv6 /64 network, because a single host is
// given a whole one and may change its address within it at will.
type Client struct {
	// bits are those of an IPv4 address, or the upper ones of an IPv6 address.
	bits uint64
	v4   bool
}

// Aggregate are all whom an operator wants to be one client. No address has these bits: an IPv4 address
// has 32.
var Aggregate = Client{bits: math.MaxUint64, v4: true}

// ClientOf finds out who has an address. IPv4 in IPv6 is IPv4.
func ClientOf(address netip.Addr) Client {
	address = address.Unmap()
	if address.Is4() {
		bytes := address.As4()
		return Client{bits: uint64(binary.BigEndian.Uint32(bytes[:])), v4: true}
	}
	bytes := address.As16()
	return Client{bits: binary.BigEndian.Uint64(bytes[:8])}
}

// String is the client's name with the gateway, "192.0.2.7", "2001:db8:0:0:0:0:0:0/64" or "aggregate": not
// in the short form of IPv6, because the plugin in Java has them so.
func (c Client) String() string {
	if c == Aggregate {
		return "aggregate"
	}
	// By hand, for it is made once for each request.
	text := make([]byte, 0, 32)
	if c.v4 {
		for shift := 24; shift >= 0; shift -= 8 {
			text = strconv.AppendUint(text, c.bits>>shift&0xFF, 10)
			text = append(text, '.')
		}
		return string(text[:len(text)-1])
	}
	for shift := 48; shift >= 0; shift -= 16 {
		text = strconv.AppendUint(text, c.bits>>shift&0xFFFF, 16)
		text = append(text, ':')
	}
	return string(append(text, "0:0:0:0/64"...))
}
