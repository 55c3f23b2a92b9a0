package hkp

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// proof shows the gateway that this process has the secret: its characters are the key, as they
// stand in the environment.
func proof(secret string, nonce []byte) []byte {
	hash := hmac.New(sha256.New, []byte(secret))
	hash.Write(nonce)
	return hash.Sum(nil)
}

// guarded refuses every call without the secret, also those of methods that do not exist.
func guarded(secret string) []grpc.ServerOption {
	bearer := []byte("Bearer " + secret)
	check := func(ctx context.Context) error {
		values := metadata.ValueFromIncomingContext(ctx, "authorization")
		if len(values) != 1 || subtle.ConstantTimeCompare([]byte(values[0]), bearer) != 1 {
			return status.Error(codes.Unauthenticated, "expected: the secret of this plugin's launch, got: another or none")
		}
		return nil
	}
	return []grpc.ServerOption{
		grpc.UnaryInterceptor(func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
			if err := check(ctx); err != nil {
				return nil, err
			}
			return handle(ctx, request)
		}),
		grpc.StreamInterceptor(func(service any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
			if err := check(stream.Context()); err != nil {
				return err
			}
			return handle(service, stream)
		}),
		// gRPC asks the interceptor about unknown methods only if something handles them.
		grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error {
			return status.Error(codes.Unimplemented, "no such method")
		}),
	}
}
