package settings

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Addresses is a set of addresses and networks, IPv4 and IPv6. A look-up takes one probe of a map for
// each prefix length that occurs, however long the list is. The zero value is empty.
type Addresses struct {
	networks  map[netip.Prefix]struct{}
	v4Lengths []int
	v6Lengths []int
}

// Addresses reads addresses and networks; no name is ever looked up. Bits beyond a network's prefix are
// ignored, as everywhere.
func (r *Reader) Addresses(key string) Addresses {
	set := Addresses{networks: map[netip.Prefix]struct{}{}}
	for i, text := range r.List(key, nil) {
		network, is := parseNetwork(strings.TrimSpace(text))
		if !is {
			r.Fail(fmt.Sprintf("%s[%d]", key, i),
				"an address or network such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32", "'"+text+"'")
			return set
		}
		set.add(network)
	}
	return set
}

func (a *Addresses) add(network netip.Prefix) {
	a.networks[network] = struct{}{}
	lengths := &a.v6Lengths
	if network.Addr().Is4() {
		lengths = &a.v4Lengths
	}
	if !slices.Contains(*lengths, network.Bits()) {
		*lengths = append(*lengths, network.Bits())
	}
}

// Contains tells whether an address is one of the set, or in a network of it.
func (a Addresses) Contains(address netip.Addr) bool {
	address = address.Unmap()
	lengths := a.v6Lengths
	if address.Is4() {
		lengths = a.v4Lengths
	}
	for _, length := range lengths {
		network, err := address.WithZone("").Prefix(length)
		if _, in := a.networks[network]; in && err == nil {
			return true
		}
	}
	return false
}

func parseNetwork(text string) (netip.Prefix, bool) {
	network, err := netip.ParsePrefix(text)
	if err != nil {
		address, err := netip.ParseAddr(text)
		if err != nil || address.Zone() != "" {
			return netip.Prefix{}, false
		}
		network = netip.PrefixFrom(address, address.BitLen())
	}
	if network.Addr().Is4In6() {
		// The prefix counts the 96 bits in front of it.
		if network.Bits() < 96 {
			return netip.Prefix{}, false
		}
		network = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-96)
	}
	return network.Masked(), true
}
