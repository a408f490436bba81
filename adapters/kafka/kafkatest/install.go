package kafkatest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// installation is Kafka, ready to be started.
type installation struct {
	dir       string // in the user's cache
	env       string // deploy/testenv
	classpath string
}

// errMissing says that the machine lacks what it takes to run Kafka.
var errMissing = errors.New("it takes java and mvn to run Kafka: deploy/test.sh installs them")

var installed = sync.OnceValues(install)

// need gives the installation, or ends the test.
func need(t testing.TB) *installation {
	t.Helper()
	i, err := installed()
	if err != nil {
		t.Fatal(err)
	}
	return i
}

const installPatience = 8 * time.Minute

// install makes the cache unless it is there: one directory for each content
// of pom.xml and version of Java, so that nothing in it ever changes.
func install() (*installation, error) {
	for _, command := range []string{"java", "mvn"} {
		if _, err := exec.LookPath(command); err != nil {
			return nil, errMissing
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), installPatience)
	defer cancel()
	root, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	i := &installation{env: filepath.Join(root, "deploy", "testenv")}
	key, err := i.key(ctx)
	if err != nil {
		return nil, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	i.dir = filepath.Join(cache, "dendro-kafka", key)
	if err := os.MkdirAll(i.dir, 0o755); err != nil {
		return nil, err
	}
	unlock, err := lock(filepath.Join(i.dir, "lock"))
	if err != nil {
		return nil, err
	}
	defer unlock()
	for _, step := range []struct {
		made string
		make func(ctx context.Context, made string) error
	}{{"libs", i.fetch}, {"format", i.format}, {archiveName, i.archive}} {
		made := filepath.Join(i.dir, step.made)
		if _, err := os.Stat(made); err == nil && step.made != "libs" {
			continue
		}
		if err := step.make(ctx, made); err != nil {
			return nil, fmt.Errorf("preparing Kafka, %s: %w", step.made, err)
		}
	}
	return i, nil
}

// moduleRoot is the directory of go.mod above the test's.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod above the test's directory")
		}
		dir = up
	}
	return "", err
}

func (i *installation) key(ctx context.Context) (string, error) {
	h := sha256.New()
	for _, name := range []string{"pom.xml", "log4j2.properties"} {
		b, err := os.ReadFile(filepath.Join(i.env, name))
		if err != nil {
			return "", err
		}
		h.Write(b)
	}
	version, err := exec.CommandContext(ctx, "java", "-version").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("java -version: %w: %s", err, version)
	}
	h.Write(version)
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// lock waits for other processes that prepare the same cache.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil
}

// fetch has Maven copy the jars, unless they are there.
func (i *installation) fetch(ctx context.Context, libs string) error {
	if _, err := os.Stat(libs); err != nil {
		part := libs + ".part"
		if err := errors.Join(os.RemoveAll(part), run(exec.CommandContext(ctx, "mvn", "-q", "-B", "-f", filepath.Join(i.env, "pom.xml"),
			"dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory="+part))); err != nil {
			return err
		}
		if err := os.Rename(part, libs); err != nil {
			return err
		}
	}
	jars, err := filepath.Glob(filepath.Join(libs, "*.jar"))
	if err != nil {
		return err
	}
	slices.Sort(jars) // the archive holds for one order only
	i.classpath = strings.Join(jars, ":")
	return nil
}

// format makes a node's empty directory once; each node gets a copy.
func (i *installation) format(ctx context.Context, made string) error {
	part := made + ".part"
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	conf := filepath.Join(i.dir, "format.properties")
	if err := os.WriteFile(conf, []byte(i.properties(formatNode(part))), 0o644); err != nil {
		return err
	}
	if err := run(exec.CommandContext(ctx, "java", "-cp", i.classpath, "kafka.tools.StorageTool", "format", "-t", clusterID, "-c", conf)); err != nil {
		return err
	}
	return os.Rename(part, made)
}

// archive runs a broker once, which leaves its loaded classes for later ones.
func (i *installation) archive(ctx context.Context, made string) error {
	part := made + ".part"
	c, err := i.cluster(ctx, 1, nil, "-XX:ArchiveClassesAtExit="+part)
	if err != nil {
		return err
	}
	defer c.remove()
	if err := c.start(ctx); err != nil {
		return err
	}
	if err := c.nodes[0].end(syscall.SIGTERM, time.Minute); err != nil {
		return err
	}
	return os.Rename(part, made)
}

func run(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, bytes.TrimSpace(out))
	}
	return nil
}
