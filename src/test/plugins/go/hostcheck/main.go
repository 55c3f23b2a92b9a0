// Runs a plugin the way every program built on go-plugin would: its own client launches,
// connects over mutual TLS and judges. So a plugin that passes here keeps to go-plugin's
// contract, and not only to what the gateway happens to accept.
//
//	hostcheck [-curve=P-256] [-ca=false] <program> <language> [<argument> ...]
//	    exit code 0 and "ok", or 1 and what was expected
//	hostcheck -descriptor
//	    the protocol that the Go stubs were made from, both files as a FileDescriptorSet
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

func main() {
	curve := flag.String("curve", autoMTLS, "of the host's certificate; P-521 is what AutoMTLS makes")
	ca := flag.Bool("ca", true, "whether the host's certificate says CA:TRUE, as AutoMTLS does")
	descriptor := flag.Bool("descriptor", false, "write the descriptor of the protocol and end")
	flag.Parse()
	var err error
	switch {
	case *descriptor && flag.NArg() == 0:
		err = writeDescriptor()
	case flag.NArg() >= 2 && !*descriptor:
		err = check(flag.Args()[1], exec.Command(flag.Arg(0), flag.Args()[2:]...), *curve, *ca)
	default:
		err = errors.New("expected: a program and its language, got: " + fmt.Sprint(flag.Args()))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func writeDescriptor() error {
	files, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{
		protodesc.ToFileDescriptorProto(hkpplugin.File_hkp_plugin_proto),
		protodesc.ToFileDescriptorProto(hkpplugin.File_hkp_host_proto),
	}})
	if err == nil {
		_, err = os.Stdout.Write(files)
	}
	return err
}
