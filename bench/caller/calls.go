package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"example.org/hkp-bench/measure"
	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// How many buckets take turns, so that figures are not those of one that is always at hand.
const buckets = 1000

// The key that is asked for again and again.
const known = "0x4A7D9C0E5B2F81364A7D9C0E5B2F81364A7D9C0E"

// kinds are the calls that can be measured; some need the address of a server.
func kinds(host hkpplugin.PluginHostClient) map[string]func(address string) (func(caller int) (measure.Call, error), error) {
	shared := func(one measure.Call) func(string) (func(int) (measure.Call, error), error) {
		return func(string) (func(int) (measure.Call, error), error) {
			return func(int) (measure.Call, error) { return one, nil }, nil
		}
	}
	return map[string]func(address string) (func(caller int) (measure.Call, error), error){
		"host-info":       shared(hostInfo(host)),
		"lookup-cached":   shared(lookup(host, func() string { return known })),
		"lookup-uncached": shared(lookup(host, unknownKeys())),
		"tokens":          shared(tokens(host)),
		"redis":           redis,
		"http":            lookupByHTTP,
	}
}

func hostInfo(host hkpplugin.PluginHostClient) measure.Call {
	return func(ctx context.Context) error {
		info, err := host.GetHostInfo(ctx, &hkpplugin.Empty{})
		if err == nil && info.GetVersion() == "" {
			return fmt.Errorf("expected: the gateway's version, got: none")
		}
		return err
	}
}

func lookup(host hkpplugin.PluginHostClient, next func() string) measure.Call {
	return func(ctx context.Context) error {
		asked := next()
		answer, err := host.RequestStorage(ctx, &hkpplugin.StorageQuery{Query: asked})
		if err != nil {
			return err
		}
		keys := answer.GetKeys()
		if !answer.GetSuccess() || len(keys) != 1 || "0x"+keys[0].GetFingerprint() != asked {
			return fmt.Errorf("expected: the key %s, got: %d keys, first %q, %q", asked, len(keys), first(keys),
				answer.GetError())
		}
		return nil
	}
}

func first(keys []*hkpplugin.KeyInfo) string {
	if len(keys) == 0 {
		return ""
	}
	return keys[0].GetFingerprint()
}

// unknownKeys names a key that was never asked for, also not by an earlier process.
func unknownKeys() func() string {
	random := make([]byte, 12)
	// It never fails.
	_, _ = rand.Read(random)
	prefix := strings.ToUpper(hex.EncodeToString(random))
	var count atomic.Uint64
	return func() string { return fmt.Sprintf("0x%s%016X", prefix, count.Add(1)) }
}

func tokens(host hkpplugin.PluginHostClient) measure.Call {
	var count atomic.Uint64
	return func(ctx context.Context) error {
		answer, err := host.AcquireTokens(ctx, &hkpplugin.AcquireTokensRequest{
			Key: "bench-" + strconv.FormatUint(count.Add(1)%buckets, 10), Tokens: 1,
			// More than any run takes.
			Capacity: 1 << 40, RefillTokens: 1000, RefillPeriodMs: 1000,
		})
		if err == nil && !answer.GetAcquired() {
			return fmt.Errorf("expected: a token of 2^40, got: %v", answer)
		}
		return err
	}
}

// redis is the way to Redis and back with the smallest script that writes: what a token in Redis
// cannot be faster than. Each caller has a connection.
func redis(address string) (func(caller int) (measure.Call, error), error) {
	const script = "return redis.call('INCR', KEYS[1])"
	return func(caller int) (measure.Call, error) {
		connection, err := net.DialTimeout("tcp", address, measure.Deadline)
		if err != nil {
			return nil, err
		}
		reader := bufio.NewReader(connection)
		digest, err := ask(connection, reader, measure.Deadline, "SCRIPT", "LOAD", script)
		if err != nil {
			return nil, err
		}
		key := "bench-" + strconv.Itoa(caller)
		return func(context.Context) error {
			_, err := ask(connection, reader, measure.Deadline, "EVALSHA", digest, "1", key)
			return err
		}, nil
	}, nil
}

// ask sends one command to Redis and reads an answer that is one line or one string.
func ask(connection net.Conn, reader *bufio.Reader, deadline time.Duration, words ...string) (string, error) {
	var command strings.Builder
	fmt.Fprintf(&command, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&command, "$%d\r\n%s\r\n", len(word), word)
	}
	if err := connection.SetDeadline(time.Now().Add(deadline)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(connection, command.String()); err != nil {
		return "", err
	}
	line, err := reader.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimRight(line, "\r\n")
	switch {
	case strings.HasPrefix(line, ":"), strings.HasPrefix(line, "+"):
		return line[1:], nil
	case strings.HasPrefix(line, "$"):
		text, err := reader.ReadString('\n')
		return strings.TrimRight(text, "\r\n"), err
	}
	return "", fmt.Errorf("expected: an answer of Redis to %s, got: %q", words[0], line)
}

// lookupByHTTP asks the keyserver itself, for a key that it was not asked for before, as the
// gateway does.
func lookupByHTTP(address string) (func(caller int) (measure.Call, error), error) {
	client := &http.Client{Timeout: measure.Deadline, Transport: &http.Transport{MaxIdleConnsPerHost: 1000}}
	next := unknownKeys()
	one := func(ctx context.Context) error {
		asked := next()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet,
			"http://"+address+"/pks/lookup?op=index&options=mr&fingerprint=on&search="+asked, nil)
		if err != nil {
			return err
		}
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err == nil && (answer.StatusCode != 200 || !strings.Contains(string(body), "pub:"+asked[2:]+":")) {
			return fmt.Errorf("expected: 200 with the key %s, got: %d with %q", asked, answer.StatusCode, body)
		}
		return err
	}
	return func(int) (measure.Call, error) { return one, nil }, nil
}
