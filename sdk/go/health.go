package hkp

import (
	"maps"
	"time"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// Health is how a plugin is. A value: With returns a changed copy.
type Health struct {
	status  hkpplugin.HealthStatus_Status
	message string
	details map[string]string
}

// Healthy: all is well.
func Healthy() Health {
	return Health{status: hkpplugin.HealthStatus_HEALTHY}
}

// Degraded: works, but not as it should. The message says what is wrong and what to do.
func Degraded(message string) Health {
	return Health{status: hkpplugin.HealthStatus_DEGRADED, message: message}
}

// Unhealthy: does not work. The gateway shows it and restarts nothing.
func Unhealthy(message string) Health {
	return Health{status: hkpplugin.HealthStatus_UNHEALTHY, message: message}
}

// With adds a detail for the operator.
func (h Health) With(name, value string) Health {
	details := make(map[string]string, len(h.details)+1)
	maps.Copy(details, h.details)
	details[utf8Text(name)] = utf8Text(value)
	h.details = details
	return h
}

func (h Health) answer(now time.Time) *hkpplugin.HealthStatus {
	return &hkpplugin.HealthStatus{
		Status:    h.status,
		Message:   utf8Text(h.message),
		Details:   h.details,
		Timestamp: now.Unix(),
	}
}
