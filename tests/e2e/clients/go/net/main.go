// SPDX-License-Identifier: Apache-2.0

// Command net is a client on net/http and crypto/tls. It makes the calls of a file of cases,
// one by one and then all at once, and prints a line for each; with E2E_UNTIL, again and again,
// until there is a file of that name. Built with -buildmode=c-shared it is a library with one
// function.
package main

/*
#include <stdlib.h>
*/
import "C"

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"sync"
)

type testCase struct {
	Name string          `json:"name"`
	Path string          `json:"path"`
	Mock string          `json:"mock"`
	Body json.RawMessage `json:"body"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "go client:", err)
		os.Exit(1)
	}
}

func client() *http.Client {
	pem, err := os.ReadFile(os.Getenv("E2E_CA"))
	check(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots},
		ForceAttemptHTTP2: true,
	}}
}

func call(c *http.Client, t testCase) {
	req, err := http.NewRequest("POST", os.Getenv("E2E_BASE")+t.Path, bytes.NewReader(t.Body))
	check(err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Mock", t.Mock)
	resp, err := c.Do(req)
	check(err)
	body, err := io.ReadAll(resp.Body)
	check(err)
	resp.Body.Close()
	line, _ := json.Marshal(map[string]any{"case": t.Name, "status": resp.StatusCode,
		"body_hex": hex.EncodeToString(body)})
	os.Stdout.Write(append(line, '\n'))
}

func run(path string) {
	var cases []testCase
	data, err := os.ReadFile(path)
	check(err)
	check(json.Unmarshal(data, &cases))
	all(cases)
	for until := os.Getenv("E2E_UNTIL"); until != ""; all(cases) {
		if _, err := os.Stat(until); err == nil {
			break
		}
	}
}

func all(cases []testCase) {
	c := client()
	half := len(cases) / 2
	for _, t := range cases[:half] {
		call(c, t)
	}
	var wg sync.WaitGroup
	for _, t := range cases[half:] {
		wg.Add(1)
		go func() {
			defer wg.Done()
			call(c, t)
		}()
	}
	wg.Wait()
	c.CloseIdleConnections()
}

//export Run
func Run(path *C.char) {
	run(C.GoString(path))
}

func main() {
	if os.Args[1] == "--version" {
		fmt.Println(runtime.Version())
		return
	}
	run(os.Args[1])
}
