package hkp

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
)

// What the gateway says in the environment, see proto/README.md.
const (
	cookieVariable = "HKP_PLUGIN_COOKIE"
	// No secret: it only tells a launch by a gateway from one by hand.
	cookie        = "hkp-gateway-plugin-7b1e5c1f0d3a4e2c"
	debugVariable = "HKP_PLUGIN_DEBUG"
	levelVariable = "HKP_LOG_LEVEL"
	protocolMajor = 1
)

// environ looks a variable up; an empty one is set, too.
type environ func(name string) (value string, set bool)

func (e environ) get(name string) string {
	value, _ := e(name)
	return value
}

// launch is the launch contract, read.
type launch struct {
	name, version string
	// byHand: a person has started the plugin, for gateways to attach to it.
	byHand  bool
	listen  listenAt
	gateway *gatewayCertificate
	secret  string
	host    *hostAddress
	dataDir string
	level   slog.Level
	// spoken: the gateway speaks our major version, or does not say.
	spoken bool
}

// listenAt is a directory for a socket, the path of one, or ports of 127.0.0.1; none of them for a start by hand.
type listenAt struct {
	directory   string
	socket      string
	first, last int
	tcp         bool
}

var errByHand = errors.New(`this is a plugin, not a program to run by hand
It is started by hkp-gateway: put its directory (plugin.toml and the executable) into one of the gateway's
hkp.plugins.directories and start the gateway. To run it under a debugger and let a gateway attach to it, set
HKP_PLUGIN_DEBUG=true.`)

func parseLaunch(environment environ) (launch, error) {
	made := launch{
		name:    environment.get("PLUGIN_NAME"),
		version: environment.get("PLUGIN_VERSION"),
	}
	var err error
	if made.level, err = parseLevel(environment.get(levelVariable)); err != nil {
		return launch{}, fmt.Errorf("%s: %w", levelVariable, err)
	}
	if directory := environment.get("PLUGIN_DATA_DIR"); directory != "" {
		if made.dataDir, err = filepath.Abs(directory); err != nil {
			return launch{}, fmt.Errorf("PLUGIN_DATA_DIR: %w", err)
		}
	}
	if environment.get(cookieVariable) != cookie {
		// As the other SDKs read it: anything but "true" is no.
		if made.byHand = strings.EqualFold(environment.get(debugVariable), "true"); !made.byHand {
			return launch{}, errByHand
		}
		made.spoken = true
		made.host, err = parseHostAddress(environment)
		return made, err
	}
	made.spoken = speaksOurs(environment.get("PLUGIN_PROTOCOL_VERSIONS"))
	if made.listen, err = parseListen(environment); err != nil {
		return launch{}, err
	}
	if made.gateway, err = parseGatewayCertificate(environment); err != nil {
		return launch{}, err
	}
	if made.secret, err = parseSecret(environment); err != nil {
		return launch{}, err
	}
	made.host, err = parseHostAddress(environment)
	return made, err
}

// beside: the operator has started the plugin beside the gateway, and told it the path of its socket, which a
// gateway never does.
func (l launch) beside() bool {
	return l.listen.socket != ""
}

// outlivesGateways: the process is not the gateway's own, so gateways come and go.
func (l launch) outlivesGateways() bool {
	return l.byHand || l.beside() || (l.host != nil && l.host.socket == "")
}

func speaksOurs(versions string) bool {
	if strings.TrimSpace(versions) == "" {
		return true
	}
	for version := range strings.SplitSeq(versions, ",") {
		if strings.TrimSpace(version) == strconv.Itoa(protocolMajor) {
			return true
		}
	}
	return false
}

func parseListen(environment environ) (listenAt, error) {
	if socket := environment.get("PLUGIN_UNIX_SOCKET"); socket != "" {
		absolute, err := filepath.Abs(socket)
		return listenAt{socket: absolute}, err
	}
	_, hasMin := environment("PLUGIN_MIN_PORT")
	_, hasMax := environment("PLUGIN_MAX_PORT")
	// The directory is always told, the ports only when TCP is configured: they win.
	if hasMin || hasMax {
		first, err := parsePort(environment, "PLUGIN_MIN_PORT")
		if err != nil {
			return listenAt{}, err
		}
		last, err := parsePort(environment, "PLUGIN_MAX_PORT")
		if err != nil {
			return listenAt{}, err
		}
		if first > last {
			return listenAt{}, fmt.Errorf("expected: PLUGIN_MIN_PORT at most PLUGIN_MAX_PORT, got: %d and %d", first, last)
		}
		return listenAt{tcp: true, first: first, last: last}, nil
	}
	directory := environment.get("PLUGIN_UNIX_SOCKET_DIR")
	if directory == "" {
		return listenAt{}, errors.New("expected: PLUGIN_UNIX_SOCKET_DIR, or PLUGIN_MIN_PORT and PLUGIN_MAX_PORT," +
			" in the environment, got: neither; the gateway sets them")
	}
	absolute, err := filepath.Abs(directory)
	return listenAt{directory: absolute}, err
}

func parsePort(environment environ, variable string) (int, error) {
	text := environment.get(variable)
	port, err := strconv.ParseUint(strings.TrimSpace(text), 10, 16)
	if err != nil {
		return 0, fmt.Errorf("expected: a port from 0 to 65535 in %s, got: %q", variable, text)
	}
	return int(port), nil
}

func parseSecret(environment environ) (string, error) {
	secret, set := environment("PLUGIN_AUTH_SECRET")
	if !set {
		return "", nil
	}
	if secret == "" || strings.ContainsFunc(secret, notToken) {
		// Never quoted.
		return "", errors.New("expected: printable ASCII without blanks in PLUGIN_AUTH_SECRET, got: " + noneOrOther(secret))
	}
	return secret, nil
}

func notToken(c rune) bool {
	return c <= ' ' || c >= 0x7f
}

func noneOrOther(text string) string {
	if text == "" {
		return "none"
	}
	return "something else"
}
