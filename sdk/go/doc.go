// Package hkp is for plugins of hkp-gateway in Go. A plugin is a [Handler], made by a function of
// type [New], and a main of one line:
//
//	func main() {
//		hkp.Serve(newHandler, hkp.Options{Description: "Refuses searches that are too short"})
//	}
//
// The package does the rest: cookie, version negotiation, unix socket, handshake, TLS or secret,
// gRPC server, health, log, and the end of the process. Package hkptest tests a handler without a
// gateway, a process or a network. Start reading at [Serve], [Handler] and [Decision]; README.md is
// the guide.
package hkp
