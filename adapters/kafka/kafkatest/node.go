package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	clusterID   = "ZGVuZHJvLXRlc3RzLTAwMA"
	archiveName = "classes.jsa"
)

// node is one broker, which is a controller too.
type node struct {
	id         int
	dir        string
	broker     string // addresses
	controller string
	voters     string
	replicas   int // of Kafka's own topics
	settings   []string
	jvm        []string
	install    *installation
	process    *process // nil while it is down
}

// formatNode is what StorageTool wants to know of a node that never runs.
func formatNode(dir string) *node {
	return &node{id: 1, dir: dir, broker: "127.0.0.1:9092", controller: "127.0.0.1:9093", voters: "1@127.0.0.1:9093", replicas: 1}
}

// properties is the node's configuration: its own and what all share.
func (i *installation) properties(n *node) string {
	common, err := os.ReadFile(filepath.Join(i.env, "broker.properties"))
	if err != nil {
		common = []byte("# " + err.Error()) // the broker will tell what is missing
	}
	isr := max(1, n.replicas-1)
	own := []string{
		fmt.Sprintf("node.id=%d", n.id),
		"controller.quorum.voters=" + n.voters,
		fmt.Sprintf("listeners=BROKER://%s,CONTROLLER://%s", n.broker, n.controller),
		"log.dirs=" + n.dir,
		fmt.Sprintf("offsets.topic.replication.factor=%d", n.replicas),
		fmt.Sprintf("transaction.state.log.replication.factor=%d", n.replicas),
		fmt.Sprintf("transaction.state.log.min.isr=%d", isr),
		fmt.Sprintf("share.coordinator.state.topic.replication.factor=%d", n.replicas),
		fmt.Sprintf("share.coordinator.state.topic.min.isr=%d", isr),
	}
	return string(common) + strings.Join(append(own, n.settings...), "\n") + "\n"
}

// prepare makes the node's directory out of the formatted one.
func (n *node) prepare() error {
	if err := os.CopyFS(n.dir, os.DirFS(filepath.Join(n.install.dir, "format"))); err != nil {
		return err
	}
	meta := fmt.Sprintf("version=1\ncluster.id=%s\nnode.id=%d\ndirectory.id=dir%018dA\n", clusterID, n.id, n.id)
	if err := os.WriteFile(filepath.Join(n.dir, "meta.properties"), []byte(meta), 0o644); err != nil {
		return err
	}
	return os.WriteFile(n.dir+".properties", []byte(n.install.properties(n)), 0o644)
}

// begin starts the process. Whether the broker serves is seen by asking it.
func (n *node) begin() error {
	out, err := os.OpenFile(n.dir+".out", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer out.Close()
	args := []string{"-Xmx384m", "-XX:+UseSerialGC", "-Dlog4j2.configurationFile=" + filepath.Join(n.install.env, "log4j2.properties")}
	if len(n.jvm) > 0 {
		args = append(args, n.jvm...)
	} else {
		args = append(args, "-XX:SharedArchiveFile="+filepath.Join(n.install.dir, archiveName), "-Xlog:cds=off", "-Xlog:cds+dynamic=off")
	}
	cmd := exec.Command("java", append(args, "-cp", n.install.classpath, "kafka.Kafka", n.dir+".properties")...)
	cmd.Stdout, cmd.Stderr = out, out
	n.process, err = spawn(cmd)
	return err
}

// end sends the signal and waits; a node that hangs is killed.
func (n *node) end(signal syscall.Signal, grace time.Duration) error {
	if n.process == nil {
		return nil
	}
	err := n.signal(signal)
	select {
	case <-n.process.gone:
	case <-time.After(grace):
		// A controller that has lost its quorum can wait for ever. Stopped
		// processes die of SIGKILL, too.
		err = errors.Join(err, n.signal(syscall.SIGKILL))
		<-n.process.gone
	}
	n.process = nil
	return err
}

func (n *node) signal(s syscall.Signal) error { return n.process.cmd.Process.Signal(s) }

// tail is the end of what the broker had to say.
func (n *node) tail() string {
	const most = 3000
	b, err := os.ReadFile(n.dir + ".out")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err.Error()
	}
	return string(b[max(0, len(b)-most):])
}

// freeAddress finds a loopback port. It keeps away from those that the system
// gives to outgoing connections: a broker that is down must find its port free
// when it comes back.
func freeAddress(ctx context.Context, taken map[int]bool) (string, error) {
	const first, count = 15_000, 15_000
	for try := range count {
		port := first + (os.Getpid()*97+try*31)%count
		if taken[port] {
			continue
		}
		address := fmt.Sprintf("127.0.0.1:%d", port)
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err != nil {
			continue
		}
		taken[port] = true
		return address, l.Close()
	}
	return "", errors.New("no free port")
}
