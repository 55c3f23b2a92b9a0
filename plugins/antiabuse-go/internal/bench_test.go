package internal

import (
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"testing"
	"time"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkptest"
)

// What a decision costs without gRPC: go test -bench . -run '^$' ./internal
func BenchmarkDecide(b *testing.B) {
	get := hkp.HKP{Operation: hkp.LookupGet, Search: "0x0123456789ABCDEF", KeyID: "0123456789ABCDEF"}
	index := hkp.HKP{Operation: hkp.LookupIndex, Search: "alice@lab.example"}
	for _, one := range []struct {
		name, config string
		hkp          hkp.HKP
		flood        bool
	}{
		{"a client within its limit", `{"threshold": 1000000, "window": "1s"}`, get, false},
		{"the same search again", `{"threshold": 1000000, "window": "1s"}`, index, false},
		{"a client that is blocked", `{"threshold": 1}`, get, false},
		{"another client each time", `{}`, get, true},
		{"another client each time, searching", `{}`, index, true},
	} {
		b.Run(one.name, func(b *testing.B) {
			handler := benchmarked(b, one.config)
			request := &hkp.Request{
				Method: "GET", Path: "/pks/lookup", HKP: &one.hkp, Header: http.Header{"User-Agent": {"test"}},
				Client: netip.MustParseAddrPort("192.0.2.1:4711"),
			}
			var next uint32
			b.ReportAllocs()
			for b.Loop() {
				if one.flood {
					next++
					var address [4]byte
					binary.BigEndian.PutUint32(address[:], next)
					request.Client = netip.AddrPortFrom(netip.AddrFrom4(address), 4711)
				}
				if _, err := handler.Handle(context.Background(), request); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func benchmarked(b *testing.B, config string) hkp.Handler {
	began := time.Now()
	construct := newPlugin(func() time.Duration { return time.Since(began) }, hostState)
	var handler hkp.Handler
	hkptest.Start(b, func(ctx context.Context, setup *hkp.Setup) (made hkp.Handler, err error) {
		handler, err = construct(ctx, setup)
		return handler, err
	}, hkptest.Setup{Config: config, Options: options(), Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	return handler
}
