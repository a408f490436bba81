package kafka

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"dendro/adapters/kafka/kafkatest"
)

// toolPatience bounds the run of a program that reads a topic to its end.
const toolPatience = 30 * time.Second

// needTool ends the test where a program is missing.
func needTool(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%v: deploy/test.sh installs it", err)
	}
}

// output runs a program and gives what it writes to standard output.
func output(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("%s: %v: %s%s", cmd, err, out, exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// topicRecord is a record as a program that knows nothing of us reads it.
type topicRecord struct {
	Partition int
	Offset    int64
	Timestamp int64
	Headers   []header
	Key       string
	Payload   string
}

type header struct{ Name, Value string }

func (r topicRecord) header(name string) string {
	i := slices.IndexFunc(r.Headers, func(h header) bool { return h.Name == name })
	if i < 0 {
		return ""
	}
	return r.Headers[i].Value
}

// sorted puts records, which come partition by partition in any interleaving,
// into one order. Those of a partition must be in order.
func sorted(t *testing.T, records []topicRecord) []topicRecord {
	t.Helper()
	ordered := slices.Clone(records)
	slices.SortStableFunc(ordered, func(a, b topicRecord) int { return cmp.Compare(a.Partition, b.Partition) })
	if !slices.IsSortedFunc(ordered, func(a, b topicRecord) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	}) {
		t.Fatal("the records of a partition are out of order")
	}
	return ordered
}

// kcat gives what it prints of a topic: a line for each record, in JSON.
func kcat(t *testing.T, c *kafkatest.Cluster, topic string, args ...string) []byte {
	t.Helper()
	needTool(t, "kcat")
	ctx, cancel := context.WithTimeout(t.Context(), toolPatience)
	defer cancel()
	args = append([]string{"-C", "-e", "-q", "-J", "-b", strings.Join(c.Addresses(), ","), "-t", topic}, args...)
	return output(t, exec.CommandContext(ctx, "kcat", args...))
}

// byKcat reads what kcat printed.
func byKcat(t *testing.T, printed []byte) (records []topicRecord) {
	t.Helper()
	for in := json.NewDecoder(bytes.NewReader(printed)); in.More(); {
		var line struct {
			Partition    int
			Offset       int64
			Ts           int64
			Headers      []string
			Key, Payload string
		}
		if err := in.Decode(&line); err != nil {
			t.Fatal(err)
		}
		r := topicRecord{line.Partition, line.Offset, line.Ts, nil, line.Key, line.Payload}
		for pair := range slices.Chunk(line.Headers, 2) {
			r.Headers = append(r.Headers, header{pair[0], pair[1]})
		}
		records = append(records, r)
	}
	return records
}

// byConsole reads so many records of a topic with Kafka's console consumer.
func byConsole(t *testing.T, c *kafkatest.Cluster, topic string, count int) (records []topicRecord) {
	t.Helper()
	const unit = "\x1f" // stands nowhere else: canonical JSON escapes it
	args := []string{
		"--bootstrap-server", strings.Join(c.Addresses(), ","), "--topic", topic, "--from-beginning",
		"--max-messages", strconv.Itoa(count), "--timeout-ms", strconv.FormatInt(toolPatience.Milliseconds(), 10),
	}
	for _, p := range []string{"print.timestamp=true", "print.partition=true", "print.offset=true", "print.headers=true", "print.key=true", "key.separator=\t", "headers.separator=" + unit} {
		args = append(args, "--formatter-property", p)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*toolPatience)
	defer cancel()
	printed := output(t, c.Tool(ctx, "org.apache.kafka.tools.consumer.ConsoleConsumer", args...))
	for lines := bufio.NewScanner(bytes.NewReader(printed)); lines.Scan(); {
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != 6 {
			t.Fatalf("the console consumer says: %s", lines.Text())
		}
		number := func(i int, prefix string) int64 {
			n, err := strconv.ParseInt(strings.TrimPrefix(fields[i], prefix), 10, 64)
			if err != nil {
				t.Fatalf("%s: %v", lines.Text(), err)
			}
			return n
		}
		r := topicRecord{int(number(1, "Partition:")), number(2, "Offset:"), number(0, "CreateTime:"), nil, fields[4], fields[5]}
		for _, h := range strings.Split(fields[3], unit) {
			name, value, _ := strings.Cut(h, ":")
			r.Headers = append(r.Headers, header{name, value})
		}
		records = append(records, r)
	}
	return records
}
