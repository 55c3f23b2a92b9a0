package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.org/hkp-bench/measure"
	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// longest is how long anything may be measured.
const longest = 10 * time.Minute

// control is what the harness asks for. All answers are JSON.
//
//	/calls?kind=&callers=&seconds=[&address=]   measures calls, and answers when that is over
//	/emit?type=&rate=&seconds=                  publishes events, and answers when that is over
//	/subscribe?type=[&type=]                    begins to read events, with all counts at nothing
//	/received                                   what has come since then
//	/unsubscribe                                reads no more
type control struct {
	host hkpplugin.PluginHostClient

	lock    sync.Mutex
	reading *subscription
}

func newControl(host hkpplugin.PluginHostClient) http.Handler {
	c := &control{host: host}
	mux := http.NewServeMux()
	for path, action := range map[string]func(url.Values) (any, error){
		"/calls": c.calls, "/emit": c.emit, "/subscribe": c.subscribe, "/received": c.received,
		"/unsubscribe": c.unsubscribe,
	} {
		mux.HandleFunc(path, func(writer http.ResponseWriter, request *http.Request) {
			answer, err := action(request.URL.Query())
			if err != nil {
				http.Error(writer, err.Error(), http.StatusBadRequest)
				return
			}
			writer.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(writer).Encode(answer)
		})
	}
	return mux
}

func (c *control) calls(query url.Values) (any, error) {
	kind, there := kinds(c.host)[query.Get("kind")]
	if !there {
		return nil, fmt.Errorf("kind: expected: one that this program knows, got: %q", query.Get("kind"))
	}
	callers, err := strconv.Atoi(query.Get("callers"))
	if err != nil || callers < 1 || callers > 1000 {
		return nil, fmt.Errorf("callers: expected: 1 to 1000, got: %q", query.Get("callers"))
	}
	duration, err := seconds(query)
	if err != nil {
		return nil, err
	}
	maker, err := kind(query.Get("address"))
	if err != nil {
		return nil, err
	}
	return measure.Run(maker, callers, duration)
}

func (c *control) emit(query url.Values) (any, error) {
	rate, err := strconv.ParseFloat(query.Get("rate"), 64)
	if err != nil || rate < 0 || rate > 10e6 {
		return nil, fmt.Errorf("rate: expected: 0 to 10000000, got: %q", query.Get("rate"))
	}
	duration, err := seconds(query)
	if err != nil {
		return nil, err
	}
	return emit(c.host, query.Get("type"), rate, duration), nil
}

func seconds(query url.Values) (time.Duration, error) {
	number, err := strconv.ParseFloat(query.Get("seconds"), 64)
	if err != nil || number <= 0 || number > longest.Seconds() {
		return 0, fmt.Errorf("seconds: expected: more than 0, at most %v, got: %q", longest.Seconds(),
			query.Get("seconds"))
	}
	return time.Duration(number * float64(time.Second)), nil
}

func (c *control) subscribe(query url.Values) (any, error) {
	types := query["type"]
	if len(types) == 0 || strings.Join(types, "") == "" {
		return nil, errors.New("type: expected: types of events, got: none")
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.reading != nil {
		return nil, errors.New("expected: /unsubscribe before, got: another subscription")
	}
	var err error
	if c.reading, err = subscribe(c.host, types); err != nil {
		return nil, err
	}
	return c.reading.state(), nil
}

func (c *control) received(url.Values) (any, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.reading == nil {
		return nil, errors.New("expected: /subscribe before, got: no subscription")
	}
	return c.reading.state(), nil
}

func (c *control) unsubscribe(url.Values) (any, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.reading == nil {
		return received{}, nil
	}
	c.reading.cancel()
	last := c.reading.state()
	c.reading = nil
	return last, nil
}
