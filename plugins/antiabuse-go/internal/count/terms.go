package count

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// terms are the different ones that a client has searched for, as hashes of which the lowest bit is set
// for a broad one: what was searched for cannot be read from them. Never changed, only copied.
type terms []uint64

func (t terms) with(term uint64) terms {
	return append(slices.Clip(t), term)
}

func (t terms) broad() int {
	broad := 0
	for _, term := range t {
		broad += int(term & 1)
	}
	return broad
}

// excess is the limit that is exceeded, or nil.
func (t terms) excess(different, broad Limit) *Excess {
	if t.broad() > broad.Max {
		return &Excess{Limit: broad.String()}
	}
	if len(t) > different.Max {
		return &Excess{Limit: different.String()}
	}
	return nil
}

// bytes are for the gateway: what an operator may read, and the hashes in Base64.
func (t terms) bytes() []byte {
	var hashes []byte
	for _, term := range t {
		hashes = binary.BigEndian.AppendUint64(hashes, term)
	}
	return fmt.Appendf(nil, "%d different, %d broad; %s", len(t), t.broad(), base64.StdEncoding.EncodeToString(hashes))
}

// termsOf reads what bytes made; none if it is anything else.
func termsOf(data []byte) terms {
	_, encoded, _ := strings.Cut(string(data), ";")
	hashes, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return nil
	}
	var read terms
	for ; len(hashes) >= 8; hashes = hashes[8:] {
		read = append(read, binary.BigEndian.Uint64(hashes))
	}
	return read
}
