package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dendro/adapters/kafka"
	"dendro/adapters/kafka/kafkatest"
	"dendro/adapters/postgres/postgrestest"
)

// fleet is a cluster of real processes: brokers, a database, and nodes that
// are this test binary as `dendro serve`.
type fleet struct {
	t       *testing.T
	brokers *kafkatest.Cluster
	topic   string
	dsn     string
	key     string // of a trusted client
	nodes   []*fleetNode
	http    http.Client
}

type fleetNode struct {
	f    *fleet
	url  string // http://127.0.0.1:PORT
	dir  string
	mu   sync.Mutex
	cmd  *exec.Cmd
	gone chan struct{}
	logs *screen
}

const (
	fleetSession    = time.Second
	fleetPartitions = 6
	fleetRoot       = "root of the fleet"
)

// newFleet starts brokers, a database and nodes.
func newFleet(t *testing.T, brokers, nodes int) *fleet {
	t.Helper()
	f := &fleet{t: t, topic: kafkatest.Topic(t), http: http.Client{Timeout: 15 * time.Second}}
	f.brokers = kafkatest.Start(t, brokers, "group.min.session.timeout.ms=500")
	f.dsn = postgrestest.New(t).DSN("postgres")
	for i := range nodes {
		n := &fleetNode{f: f, url: "http://" + freeAddress(t), dir: filepath.Join(t.TempDir(), fmt.Sprint("node-", i)), logs: &screen{}}
		f.nodes = append(f.nodes, n)
		n.start()
		t.Cleanup(n.kill)
	}
	for _, n := range f.nodes {
		n.waitUntilReady(2 * time.Minute)
	}
	status, body := f.nodes[0].send(t.Context(), "POST", "/admin/api_client", map[string]string{"Authorization": "Bearer " + fleetRoot},
		map[string]any{"description": "fleet", "frontend_type": "test", "trusted": true})
	if status != 200 || json.Unmarshal(body, &f.key) != nil {
		t.Fatalf("no client could be made: %d %s", status, body)
	}
	return f
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start starts the node's process, which dies with this one.
func (n *fleetNode) start() {
	f := n.f
	cmd := exec.Command(os.Args[0], "serve", "--data", n.dir, "--addr", strings.TrimPrefix(n.url, "http://"), "--advertise", n.url,
		"--kafka", strings.Join(f.brokers.Addresses(), ","), "--topic", f.topic, "--postgres", f.dsn,
		"--partitions", fmt.Sprint(fleetPartitions), "--session", fleetSession.String(), "--rate-limits", "off", "--quiet")
	cmd.Env = append(os.Environ(), asProgram+"=1", rootVariable+"="+fleetRoot, secretVariable+"="+strings.Repeat("fleet", 8))
	cmd.Stdout, cmd.Stderr = n.logs, n.logs
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		f.t.Errorf("a node does not start: %v", err)
		return
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_ = cmd.Wait() // it is killed
	}()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cmd, n.gone = cmd, gone
}

// signal sends a signal to the node's process, which may be gone.
func (n *fleetNode) signal(s syscall.Signal) chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cmd != nil {
		_ = n.cmd.Process.Signal(s)
	}
	return n.gone
}

func (n *fleetNode) kill() {
	if gone := n.signal(syscall.SIGKILL); gone != nil {
		<-gone
	}
}

// stop ends the node as an operator does.
func (n *fleetNode) stop() {
	gone := n.signal(syscall.SIGTERM)
	select {
	case <-gone:
	case <-time.After(40 * time.Second):
		n.f.t.Errorf("%s does not stop:\n%s", n.url, n.logs)
		n.kill()
	}
}

// waitUntilReady waits until the node serves.
func (n *fleetNode) waitUntilReady(patience time.Duration) {
	n.f.t.Helper()
	n.mu.Lock()
	gone := n.gone
	n.mu.Unlock()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		res, err := n.f.http.Get(n.url + "/readyz")
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == 200 {
				return
			}
		}
		select {
		case <-gone:
			n.f.t.Fatalf("%s ended by itself:\n%s", n.url, n.logs)
		default:
		}
		if time.Now().After(deadline) {
			n.f.t.Fatalf("%s does not get ready: %v\n%s", n.url, err, n.logs)
		}
	}
}

// send sends a request; status 0 means that no answer came.
func (n *fleetNode) send(ctx context.Context, method, path string, header map[string]string, body any) (status int, answer []byte) {
	raw, err := json.Marshal(body)
	if err != nil {
		return 0, nil
	}
	r, err := http.NewRequestWithContext(ctx, method, n.url+"/api/v1"+path, bytes.NewReader(raw))
	if err != nil {
		return 0, nil
	}
	r.Header.Set("X-API-Key", n.f.key)
	for k, v := range header {
		r.Header.Set(k, v)
	}
	res, err := n.f.http.Do(r)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	if answer, err = io.ReadAll(res.Body); err != nil {
		return 0, nil
	}
	return res.StatusCode, answer
}

// log opens the fleet's log.
func (f *fleet) log() *kafka.Log {
	f.t.Helper()
	l, err := kafka.Open(f.t.Context(), kafka.Options{Brokers: f.brokers.Addresses(), Topic: f.topic})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		if err := l.Close(); err != nil {
			f.t.Error(err)
		}
	})
	return l
}

// A write on one node is read on any other, whoever owns what.
func TestClusterServes(t *testing.T) {
	f := newFleet(t, 1, 3)
	for i := range 12 {
		u := map[string]any{"id": fmt.Sprint("u", i), "display_name": fmt.Sprint("U ", i), "auth_method": "local", "tos_acceptance": true}
		if status, body := f.nodes[i%3].send(t.Context(), "POST", "/frontend_users/", nil, u); status != 200 {
			t.Fatalf("node %d: %d %s", i%3, status, body)
		}
		ask := map[string]any{"type": "initial_prompt", "lang": []string{"en", "de", "fr", "es"}[i%4], "user": u}
		if status, body := f.nodes[(i+1)%3].send(t.Context(), "POST", "/tasks/", nil, ask); status != 200 {
			t.Fatalf("node %d: %d %s", (i+1)%3, status, body)
		}
	}
	f.nodes[1].stop()
	for i := range 12 {
		ask := map[string]any{"type": "initial_prompt", "lang": []string{"en", "de", "fr", "es"}[i%4], "user": map[string]any{"id": fmt.Sprint("u", i), "display_name": "", "auth_method": "local"}}
		if status, body := f.nodes[2*(i%2)].send(t.Context(), "POST", "/tasks/", nil, ask); status != 200 {
			t.Fatalf("after one node left: %d %s", status, body)
		}
	}
	if _, err := verifyEvents(t.Context(), f.log(), newProgress(nil, "")); err != nil {
		t.Error(err)
	}
}
