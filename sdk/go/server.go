package hkp

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// server is a plugin that runs. It knows nothing of the process around it.
type server struct {
	service   *Service
	grpc      *grpc.Server
	listener  *listener
	handshake string
	host      *Host
	stopOnce  sync.Once
	stopped   chan struct{}
}

// startServer makes it; when this returns, connections are accepted.
func startServer(construct New, options Options, launch launch, log pluginLog) (*server, error) {
	host, err := dialHost(launch.host)
	if err != nil {
		return nil, err
	}
	service, err := NewService(construct, options, Environment{
		Name:             pluginName(launch.name),
		Version:          orElse(launch.version, "0"),
		DataDir:          launch.dataDir,
		Host:             host,
		Log:              log.logger,
		secret:           launch.secret,
		outlivesGateways: launch.outlivesGateways(),
	})
	if err != nil {
		return nil, err
	}
	settings := []grpc.ServerOption{grpc.MaxRecvMsgSize(service.options.MaxMessageBytes)}
	certificate := ""
	if launch.gateway != nil {
		config, own, err := autoMTLS(launch.gateway)
		if err != nil {
			return nil, err
		}
		certificate = own
		settings = append(settings, grpc.Creds(credentials.NewTLS(config)))
	}
	if launch.secret != "" {
		settings = append(settings, guarded(launch.secret)...)
	}
	opened, err := listen(launch.listen)
	if err != nil {
		return nil, err
	}
	made := &server{
		service:   service,
		grpc:      grpc.NewServer(settings...),
		listener:  opened,
		handshake: opened.handshake(certificate),
		host:      host,
		stopped:   make(chan struct{}),
	}
	hkpplugin.RegisterHKPPluginServer(made.grpc, service)
	// The name is what go-plugin's hosts ask for, and the gateway does, too.
	standard := health.NewServer()
	standard.SetServingStatus("plugin", grpc_health_v1.HealthCheckResponse_SERVING)
	grpc_health_v1.RegisterHealthServer(made.grpc, standard)
	go func() {
		// The end of the listener is always ours.
		_ = made.grpc.Serve(opened)
	}()
	return made, nil
}

// stop takes no more calls, lets those in flight finish, closes the handler and removes the socket.
// Blocks for about the limit at most, whatever the handler does. When called again it waits for the
// first call.
func (s *server) stop(limit time.Duration) {
	s.stopOnce.Do(func() {
		defer close(s.stopped)
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		finished := make(chan struct{})
		go func() {
			s.grpc.GracefulStop()
			close(finished)
		}()
		s.service.streams.end()
		// A third of the time is kept for the handler's own end.
		select {
		case <-finished:
		case <-time.After(limit * 2 / 3):
			s.service.log.Warn("calls in flight did not finish in time and are cut off")
			s.grpc.Stop()
		}
		s.closeHandler(ctx)
		s.host.close()
		s.listener.removeFiles()
	})
	select {
	case <-s.stopped:
	case <-time.After(limit):
	}
}

func (s *server) closeHandler(ctx context.Context) {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		// Logged already.
		_ = s.service.Close(ctx)
	}()
	select {
	case <-closed:
	case <-ctx.Done():
		s.service.log.Warn("the plugin's Close did not return in time")
	}
}

func pluginName(told string) string {
	return orElse(told, strings.TrimPrefix(filepath.Base(os.Args[0]), "hkp-plugin-"))
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

func invitation(name, handshake string) string {
	hint := ""
	if name == "" {
		name, hint = "<name>", " with the plugin's name in place of <name>"
	}
	return fmt.Sprintf("this plugin waits for a gateway to attach, until you stop it (Ctrl-C); give the gateway this"+
		" setting%s:\nhkp.plugins.settings.%s.attach=%s\n", hint, name, handshake)
}
