// Command hkp-plugin-antiabuse-go is the plugin; the gateway starts it.
package main

import "github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal"

func main() {
	internal.Serve()
}
