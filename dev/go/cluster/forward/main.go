// Command forward carries connections into the node's network: `forward 3=10.89.0.1:8080 4=10.89.0.1:6443`.
//
// Each number is an inherited listening socket that was opened outside the node, each address is dialled
// inside it. No address, route or packet filter of the machine is needed for that. Between two TCP
// connections Go's io.Copy splices in the kernel, so the bytes are never copied here.
package main

import (
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

const dialTimeout = 5 * time.Second

func main() {
	for _, pair := range os.Args[1:] {
		number, address, _ := strings.Cut(pair, "=")
		descriptor, err := strconv.Atoi(number)
		if err != nil {
			log.Fatalf("%q is not of the form DESCRIPTOR=ADDRESS", pair)
		}
		listener, err := net.FileListener(os.NewFile(uintptr(descriptor), address))
		if err != nil {
			log.Fatalf("descriptor %d is no listening socket: %v", descriptor, err)
		}
		go accept(listener, address)
	}
	select {}
}

func accept(listener net.Listener, address string) {
	for {
		outside, err := listener.Accept()
		if err != nil {
			log.Printf("accept for %s: %v", address, err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		go carry(outside.(*net.TCPConn), address)
	}
}

func carry(outside *net.TCPConn, address string) {
	defer outside.Close()
	dialled, err := net.DialTimeout("tcp", address, dialTimeout)
	if err != nil {
		log.Printf("dial %s: %v", address, err)
		return
	}
	inside := dialled.(*net.TCPConn)
	defer inside.Close()
	done := make(chan struct{}, 2)
	go half(inside, outside, done)
	go half(outside, inside, done)
	<-done
	<-done
}

// half copies one direction and passes its end on, so that a request that is closed early still gets its answer.
func half(to, from *net.TCPConn, done chan<- struct{}) {
	if _, err := io.Copy(to, from); err != nil {
		from.CloseRead()
	}
	to.CloseWrite()
	done <- struct{}{}
}
