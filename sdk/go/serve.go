package hkp

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

const (
	stopLimit    = 5 * time.Second
	maxStopLimit = 5 * time.Minute
	// A gateway may close our input and send SIGTERM in one go, so the signal gets a moment.
	signalLimit = 250 * time.Millisecond
	flushLimit  = 500 * time.Millisecond
)

// handshakeOutput is what was standard output when a gateway started this process. It is taken before
// main, which may print something before it calls Serve.
var handshakeOutput *os.File

func init() {
	if os.Getenv(cookieVariable) == cookie {
		handshakeOutput = takeStandardOutput()
	}
}

// Serve runs a plugin until the gateway or a signal ends it. It is all that main does, and it never
// returns: the process exits
//
//   - with code 0 after the gateway's Shutdown, SIGTERM or SIGINT: calls in flight finish, then
//     Close is called, the socket is removed;
//   - with code 1, and without Close, when standard input ends: the gateway holds the other end and
//     never writes to it, so the end means that the gateway has died. Whoever starts a plugin in
//     another way keeps its standard input open, or sets PLUGIN_UNIX_SOCKET;
//   - with code 1 when it cannot start, after saying why on standard error.
//
// Standard output belongs to the handshake. What else is written there goes to standard error, from
// the moment on when a gateway starts a program that imports this package.
//
// Started by hand with HKP_PLUGIN_DEBUG=true the plugin listens in plaintext on a unix socket that
// only its user can reach, and prints on standard error the setting by which a gateway attaches to
// it. It then runs until its user stops it.
func Serve(construct New, options Options) {
	launch, err := parseLaunch(os.LookupEnv)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	log := newPluginLog(os.Stderr, pluginName(launch.name), launch.level)
	slog.SetDefault(log.logger)
	process := &process{launch: launch, log: log, exiting: make(chan struct{})}
	if err := process.start(construct, options); err != nil {
		log.writer.Flush(flushLimit)
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	select {}
}

// process is the life of this process.
type process struct {
	launch  launch
	log     pluginLog
	server  *server
	once    sync.Once
	exiting chan struct{}
}

func (p *process) start(construct New, options Options) error {
	// With somebody to take it, the signal of a pipe that nobody reads ends no process.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	started, err := startServer(construct, options, p.launch, p.log)
	if err != nil {
		return err
	}
	p.server = started
	started.service.onShutdown = p.onShutdown
	go func() {
		received := <-signals
		p.log.logger.Info("shutting down", "reason", received.String())
		p.end(stopLimit)
	}()
	if !p.launch.spoken {
		// The gateway compares, and can say what both sides speak.
		p.log.logger.Error("the gateway does not speak this plugin's protocol version",
			"expected", protocolMajor, "got", os.Getenv("PLUGIN_PROTOCOL_VERSIONS"))
	}
	if p.launch.byHand {
		_, err = io.WriteString(os.Stderr, invitation(p.launch.name, started.handshake))
		return err
	}
	if !p.launch.beside() {
		go p.awaitEndOfInput()
	}
	// Left open afterwards, for the gateway may take its end for ours.
	if _, err := io.WriteString(handshakeOutput, started.handshake+"\n"); err != nil {
		started.listener.removeFiles()
		return fmt.Errorf("expected: to write the handshake to standard output, got: %w", err)
	}
	return nil
}

func (p *process) onShutdown(limit time.Duration) {
	if p.launch.byHand {
		p.log.logger.Info("only its user ends a plugin that was started by hand")
		return
	}
	go p.end(limit)
}

func (p *process) end(limit time.Duration) {
	p.once.Do(func() {
		close(p.exiting)
		p.server.stop(limit)
		p.log.writer.Flush(flushLimit)
		os.Exit(0)
	})
}

func (p *process) awaitEndOfInput() {
	// The gateway has nothing to say here; an error is as good as the end.
	_, _ = io.Copy(io.Discard, os.Stdin)
	select {
	case <-p.exiting:
		return
	case <-time.After(signalLimit):
	}
	p.server.listener.removeFiles()
	p.log.logger.Error("standard input has ended, so the gateway has died; this plugin ends, too")
	p.log.writer.Flush(100 * time.Millisecond)
	os.Exit(1)
}
