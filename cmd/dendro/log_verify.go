package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"

	"dendro/adapters/bolt"
	"dendro/domain"
	"dendro/projections/integrity"
	"dendro/schemas"

	"github.com/spf13/cobra"
)

func newLogVerifyCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "verify --data DIR", Short: "Check a log: bytes, numbers, schemas, rules", Args: noArgs,
		Long: `Check a log, in this order: the checksums and structure of the stored bytes;
then event by event the JSON Schema of its payload, its numbers (seq, version,
epoch, time, id), its place, and the rules of collecting. The first thing that
is wrong is named, with exit code 1.

A sound log's Merkle roots (RFC 6962, one per partition) are printed: keep
them, and you can tell whether the log was ever changed.`,
		Example: `  dendro log verify --data ./data
  dendro log verify --data ./data --json > roots.json`,
	}
	data, asJSON := dataFlag(cmd), jsonFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := data()
		if err != nil {
			return err
		}
		v, err := verify(cmd.Context(), dir, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(cmd.OutOrStdout(), v)
		}
		return v.print(cmd.OutOrStdout())
	}
	return cmd
}

// verified is what `log verify` prints of a sound log.
type verified struct {
	Log        domain.LogID        `json:"log"`
	Cut        domain.Cut          `json:"cut"`
	Events     uint64              `json:"events"`
	Partitions []verifiedPartition `json:"partitions"`
}

type verifiedPartition struct {
	Partition int    `json:"partition"`
	Events    uint64 `json:"events"`
	Root      string `json:"root"` // hexadecimal
}

func verify(ctx context.Context, dir string, stderr io.Writer) (v verified, err error) {
	p := newProgress(stderr, "checking bytes")
	_, err = bolt.Check(ctx, dir, p.report)
	p.end()
	if err != nil {
		return v, err
	}
	p = newProgress(stderr, "checking events")
	defer p.end()
	err = readLog(ctx, dir, func(log domain.Log) error {
		v, err = verifyEvents(ctx, log, p)
		return err
	})
	return v, err
}

// verifyEvents checks what the stored bytes mean.
func verifyEvents(ctx context.Context, log domain.Log, p *progress) (verified, error) {
	id := log.Identity()
	end, err := log.End(ctx)
	if err != nil {
		return verified{}, err
	}
	roots := make([]schemas.Root, id.Partitions)
	check := integrity.New(id)
	var record, payload []byte
	done := int64(0)
	for r, err := range log.Read(ctx, id.Start(), end) {
		if err != nil {
			return verified{}, err
		}
		if err := check.Apply(r); err != nil {
			return verified{}, err
		}
		if payload, err = validatePayload(payload[:0], r); err != nil {
			return verified{}, fmt.Errorf("event %s (%s of %s): %w", r.Position, r.Payload.Type(), r.Stream, err)
		}
		if record, err = schemas.AppendRecord(record[:0], r); err != nil {
			return verified{}, fmt.Errorf("event %s: %w", r.Position, err)
		}
		roots[r.Position.Partition].Add(record)
		done++
		p.report(done, int64(end.Events()))
	}
	v := verified{Log: id.ID, Cut: end, Events: end.Events()}
	for i := range roots {
		sum := roots[i].Sum()
		v.Partitions = append(v.Partitions, verifiedPartition{Partition: i, Events: roots[i].Count(), Root: hex.EncodeToString(sum[:])})
	}
	return v, nil
}

// validatePayload holds the payload to the JSON Schema of its version.
func validatePayload(buf []byte, r domain.Recorded) ([]byte, error) {
	buf, version, err := schemas.EncodePayload(buf, r.Payload)
	if err != nil {
		return buf, err
	}
	return buf, schemas.Validate(r.Payload.Type(), version, buf)
}

func (v verified) print(out io.Writer) error {
	for _, p := range v.Partitions {
		if _, err := fmt.Fprintf(out, "partition %d  %s events  root %s\n", p.Partition, grouped(p.Events), p.Root); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "log %s is sound: %s events, each byte, number, schema and rule\n", v.Log, grouped(v.Events))
	return err
}
