// SPDX-License-Identifier: Apache-2.0

// Command utls is a client on a fork of crypto/tls that shakes hands as a browser does.
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"

	"github.com/refraction-networking/utls"
)

type testCase struct {
	Name string          `json:"name"`
	Path string          `json:"path"`
	Mock string          `json:"mock"`
	Body json.RawMessage `json:"body"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "utls client:", err)
		os.Exit(1)
	}
}

func dial(host string) *tls.UConn {
	tcp, err := net.Dial("tcp", host)
	check(err)
	// Whom it talks to is not asked: what is tested is what it says.
	conn := tls.UClient(tcp, &tls.Config{ServerName: "localhost", InsecureSkipVerify: true},
		tls.HelloFirefox_Auto)
	check(conn.Handshake())
	return conn
}

func call(conn *tls.UConn, in *bufio.Reader, host string, t testCase) {
	req, err := http.NewRequest("POST", "https://"+host+t.Path, bytes.NewReader(t.Body))
	check(err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Mock", t.Mock)
	check(req.Write(conn))
	resp, err := http.ReadResponse(in, req)
	check(err)
	body, err := io.ReadAll(resp.Body)
	check(err)
	line, _ := json.Marshal(map[string]any{"case": t.Name, "status": resp.StatusCode,
		"body_hex": hex.EncodeToString(body)})
	fmt.Println(string(line))
}

func main() {
	var cases []testCase
	base, err := url.Parse(os.Getenv("E2E_BASE"))
	check(err)
	data, err := os.ReadFile(os.Args[1])
	check(err)
	check(json.Unmarshal(data, &cases))
	conn := dial(base.Host)
	in := bufio.NewReader(conn)
	for _, t := range cases {
		call(conn, in, base.Host, t)
	}
	conn.Close()
}
