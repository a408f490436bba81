package reenact

import (
	"context"
	"errors"
	"os"
	"reflect"
	"testing"

	"dendro/domain"
	"dendro/domain/domaintest"
	"dendro/projections/dataset"
)

const sample = "../../../shared/data/oasst1_en_sample.messages.jsonl"

func readFile(t *testing.T, path string) []dataset.Row {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatalf("the sample is needed for this test: %v", err)
	}
	defer file.Close()
	var rows []dataset.Row
	for row, err := range dataset.ReadRows(file) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// tester is what a test and a property's try have in common.
type tester interface {
	Helper()
	Fatal(...any)
}

// perform plays rows into a new log.
func perform(t tester, rows []dataset.Row) (Report, []domain.Recorded) {
	t.Helper()
	clock := domain.NewManualClock(Begin(rows))
	log := domaintest.NewLog(4, clock)
	report, err := Play(context.Background(), log, rows, Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	return report, log.All()
}

func TestSampleIsReproduced(t *testing.T) {
	report, events := perform(t, readFile(t, sample))
	for _, f := range report.Findings {
		t.Log(f)
		if f.Rule == RuleUnexplained || f.Why == "" {
			t.Errorf("%s has no explanation", f.Message)
		}
	}
	t.Logf("%d of %d rows reproduced, %d events", report.Reproduced, report.Rows, len(events))
	if report.Rows == 0 || report.Reproduced*100 < report.Rows*98 {
		t.Errorf("only %d of %d rows are reproduced", report.Reproduced, report.Rows)
	}
}

func TestSameFileSameEvents(t *testing.T) {
	rows := readFile(t, sample)
	_, first := perform(t, rows)
	_, again := perform(t, rows)
	if len(first) != len(again) {
		t.Fatalf("%d events, then %d", len(first), len(again))
	}
	for i := range first {
		if !reflect.DeepEqual(first[i], again[i]) {
			t.Fatalf("event %d differs:\n%+v\n%+v", i, first[i], again[i])
		}
	}
}

func TestOnlyIntoAnEmptyLog(t *testing.T) {
	rows := readFile(t, sample)[:1]
	clock := domain.NewManualClock(Begin(rows))
	log := domaintest.NewLog(1, clock)
	if _, err := Play(context.Background(), log, rows, Options{Clock: clock}); err != nil {
		t.Fatal(err)
	}
	if _, err := Play(context.Background(), log, rows, Options{Clock: clock}); err == nil {
		t.Error("a second play into the same log was not refused")
	}
}

func TestInterrupted(t *testing.T) {
	rows := readFile(t, sample)
	ctx, cancel := context.WithCancel(context.Background())
	clock := domain.NewManualClock(Begin(rows))
	_, err := Play(ctx, domaintest.NewLog(2, clock), rows, Options{Clock: clock, Progress: func(done, _ int) {
		if done == 20 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted play ended with %v", err)
	}
}
