package hkp

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// What to make of an error of [Host]; ask with errors.Is.
var (
	// ErrNotGranted: the operator has not granted it, or the gateway does not know this plugin. The
	// text names the missing grant.
	ErrNotGranted = errors.New("not granted")
	// ErrUnavailable: no answer in time, or nobody there. Decide without.
	ErrUnavailable = errors.New("unavailable")
	// ErrQuota: too much is kept, asked for or answered.
	ErrQuota = errors.New("quota")
	// ErrInvalid: the call is not as it should be.
	ErrInvalid = errors.New("invalid")
	// ErrFailed is anything else.
	ErrFailed = errors.New("failed")
)

// HostError says that the gateway did not do what it was asked to do.
type HostError struct {
	// Method is what was called, for example "GetState".
	Method string
	// Reason is one of the five above, or context.Canceled: the caller gave up, for example because its client
	// did. That says nothing about the gateway.
	Reason error
	// Message is in the gateway's own words.
	Message string
}

func (e *HostError) Error() string {
	return fmt.Sprintf("the gateway's answer to %s is %v: %s", e.Method, e.Reason, e.Message)
}

// Unwrap is for errors.Is.
func (e *HostError) Unwrap() error {
	return e.Reason
}

func hostError(method string, err error) error {
	converted := status.Convert(err)
	reason := ErrFailed
	switch converted.Code() {
	case codes.Unavailable, codes.DeadlineExceeded:
		reason = ErrUnavailable
	case codes.Canceled:
		reason = context.Canceled
	case codes.PermissionDenied, codes.Unauthenticated:
		reason = ErrNotGranted
	case codes.ResourceExhausted:
		reason = ErrQuota
	case codes.InvalidArgument, codes.OutOfRange:
		reason = ErrInvalid
	}
	return &HostError{Method: method, Reason: reason, Message: converted.Message()}
}
