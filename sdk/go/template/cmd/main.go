// The plugin hkp-template. Everything is in package internal.
package main

import "example.org/hkp-template/internal"

func main() {
	internal.Serve()
}
