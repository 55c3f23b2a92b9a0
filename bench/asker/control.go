package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// longest is how long anything may be measured.
const longest = 10 * time.Minute

// control is what the harness asks for. All answers are JSON.
//
//	/launch?name=&directory=[&config=][&listens=]   starts the plugin of a directory, under a name
//	/decide?name=&kind=&target=                     asks it once
//	/calls?name=&kind=&callers=&seconds=            measures calls, and answers when that is over
//	/stop?name=                                     ends it
//
// A kind is unary or stream.
type control struct {
	base, host, token string

	lock    sync.Mutex
	plugins map[string]*plugin
}

func (c *control) handler() http.Handler {
	mux := http.NewServeMux()
	for path, action := range map[string]func(string, url.Values) (any, error){
		"/launch": c.launch, "/decide": c.decide, "/calls": c.calls, "/stop": c.stop,
	} {
		mux.HandleFunc(path, func(writer http.ResponseWriter, request *http.Request) {
			query := request.URL.Query()
			answer, err := action(query.Get("name"), query)
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

func (c *control) launch(name string, query url.Values) (any, error) {
	if name == "" {
		return nil, fmt.Errorf("name: expected: a name, got: none")
	}
	if _, err := c.find(name); err == nil {
		return nil, fmt.Errorf("name: expected: one that does not run, got: %q", name)
	}
	started, err := launch(c.base, wish{
		directory: query.Get("directory"), config: query.Get("config"), listens: query.Get("listens"),
		host: c.host, token: c.token,
	})
	if err != nil {
		return nil, err
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	c.plugins[name] = started
	return started.launched, nil
}

// decision is what a plugin said about one request.
type decision struct {
	Continue bool   `json:"continue"`
	Status   int32  `json:"status"`
	Reason   string `json:"reason,omitempty"`
}

func (c *control) decide(name string, query url.Values) (any, error) {
	plugin, err := c.find(name)
	if err != nil {
		return nil, err
	}
	answer, err := plugin.decide(query.Get("kind"), query.Get("target"))
	if err != nil {
		return nil, err
	}
	return decision{Continue: answer.GetContinueChain(), Status: answer.GetStatusCode(), Reason: answer.GetReason()}, nil
}

func (c *control) calls(name string, query url.Values) (any, error) {
	plugin, err := c.find(name)
	if err != nil {
		return nil, err
	}
	callers, err := strconv.Atoi(query.Get("callers"))
	if err != nil || callers < 1 || callers > 1000 {
		return nil, fmt.Errorf("callers: expected: 1 to 1000, got: %q", query.Get("callers"))
	}
	seconds, err := strconv.ParseFloat(query.Get("seconds"), 64)
	if err != nil || seconds <= 0 || seconds > longest.Seconds() {
		return nil, fmt.Errorf("seconds: expected: more than 0, at most %v, got: %q", longest.Seconds(),
			query.Get("seconds"))
	}
	return plugin.measure(query.Get("kind"), callers, time.Duration(seconds*float64(time.Second)))
}

func (c *control) stop(name string, _ url.Values) (any, error) {
	plugin, err := c.find(name)
	if err != nil {
		return nil, err
	}
	c.lock.Lock()
	delete(c.plugins, name)
	c.lock.Unlock()
	return plugin.stop()
}

func (c *control) find(name string) (*plugin, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if found := c.plugins[name]; found != nil {
		return found, nil
	}
	return nil, fmt.Errorf("name: expected: a plugin that was launched, got: %q", name)
}

// killAll leaves none behind.
func (c *control) killAll() {
	c.lock.Lock()
	defer c.lock.Unlock()
	for _, plugin := range c.plugins {
		plugin.close()
		plugin.process.kill()
	}
	clear(c.plugins)
}
