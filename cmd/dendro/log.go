package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"dendro/adapters/bolt"
	"dendro/domain"

	"github.com/spf13/cobra"
)

func newLogCmd() *cobra.Command {
	c := group("log", "Look at, check and copy a log", `A log is the whole truth of a campaign: events in partitions, each dense from
seq 1. These commands read it while no engine runs on it, and change nothing.`)
	c.AddCommand(newLogStatCmd(), newLogTailCmd(), newLogVerifyCmd(), newLogCopyCmd())
	return c
}

// readLog opens the log in dir for reading, beside other readers, for as long
// as use runs.
func readLog(ctx context.Context, dir string, use func(domain.Log) error) (err error) {
	log, err := bolt.Open(ctx, dir, bolt.Options{Clock: domain.ClockFunc(time.Now), ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	return use(log)
}

// printJSON writes v as indented JSON.
func printJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// printRaw writes JSON, indented, as it is.
func printRaw(out io.Writer, raw []byte) error {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := out.Write(b.Bytes())
	return err
}

// grouped writes a number with a comma between each three digits.
func grouped[N ~uint64 | ~int64 | ~int](n N) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
