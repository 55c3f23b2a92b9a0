package hkp

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"
)

// behaviourVariable makes this test binary a plugin.
const behaviourVariable = "HKP_SDK_TEST_BEHAVIOUR"

func TestMain(m *testing.M) {
	if behaviour := os.Getenv(behaviourVariable); behaviour != "" {
		runAsPlugin(behaviour)
	}
	os.Exit(m.Run())
}

func runAsPlugin(behaviour string) {
	if behaviour == "prints" {
		fmt.Println("printed before Serve")
	}
	Serve(func(ctx context.Context, setup *Setup) (Handler, error) {
		switch behaviour {
		case "panics in New":
			panic("no idea")
		case "prints":
			fmt.Println("printed to standard output")
			log.Print("logged by package log")
			child := exec.Command("sh", "-c", "echo printed by a child")
			child.Stdout = os.NewFile(1, "stdout")
			_ = child.Run()
		}
		var config struct {
			ShortestSearch int `json:"shortest_search" default:"4" min:"1" max:"100"`
		}
		if err := setup.Config.Decode(&config); err != nil {
			return nil, err
		}
		setup.Log.Info("begun", "timeout", setup.Timeout, "data_dir", setup.DataDir)
		return &testPlugin{shortest: config.ShortestSearch, host: setup.Host, behaviour: behaviour}, nil
	}, Options{Description: "For tests"})
}

// testPlugin does what the path says.
type testPlugin struct {
	shortest  int
	host      *Host
	behaviour string
}

func (p *testPlugin) Handle(ctx context.Context, request *Request) (Decision, error) {
	switch request.Path {
	case "/panic":
		panic("as asked")
	case "/error":
		return nil, errors.New("as asked")
	case "/nil":
		return nil, nil
	case "/bad":
		return Deny(503), nil
	case "/slow":
		slog.InfoContext(ctx, "slow")
		Log(ctx).Info("slow", "by", "Log")
		select {
		case <-time.After(300 * time.Millisecond):
			return Allow().Reason("slow"), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	case "/wait":
		slog.InfoContext(ctx, "waiting")
		<-ctx.Done()
		slog.InfoContext(ctx, "cancelled", "why", ctx.Err())
		return nil, ctx.Err()
	case "/host":
		info, err := p.host.Info(ctx)
		if err != nil {
			return nil, err
		}
		return Allow().Annotate("replica", info.Replica), nil
	}
	if request.Is(LookupIndex) && len(request.Search()) < p.shortest {
		return Deny(429).RetryAfter(time.Minute).Text("Please search for more.").Reason("search too short"), nil
	}
	return Allow(), nil
}

func (p *testPlugin) HandleResponse(_ context.Context, response *Response) (ResponseDecision, error) {
	return Unchanged().SetHeader("X-Status", fmt.Sprint(response.Status)), nil
}

func (p *testPlugin) HandleEvents(_ context.Context, batch EventBatch) error {
	slog.Info("events", "count", len(batch.Events))
	return nil
}

func (p *testPlugin) Close(context.Context) error {
	if p.behaviour == "hangs in Close" {
		time.Sleep(time.Hour)
	}
	slog.Info("closed")
	return nil
}
