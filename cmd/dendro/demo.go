package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"dendro/adapters/crowd"
	"dendro/adapters/dataset"
	"dendro/domain"
	projection "dendro/projections/dataset"

	"github.com/spf13/cobra"
)

// What the demo simulates.
const (
	demoSeed         = 2024
	demoContributors = 60
	demoTasks        = 1200
	demoPartitions   = 2
	demoStages       = 4 // parts in which it is shown
	demoOwner        = "dendro demo"
)

func newDemoCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "demo [--data DIR]", Short: "See it all at work in a few seconds", Args: noArgs,
		Long: `See it all at work in a few seconds: a small simulated campaign, as it happens;
exports of it now and at its half, both verified; and the way of one message
from its first event to its line in the dataset.

It works in a new temporary directory, which is kept, or in DIR, which must be
empty or new.`,
		Example: `  dendro demo
  dendro demo --data ./demo`,
	}
	dir := cmd.Flags().String("data", "", "an empty or new directory to work in (default: a temporary one)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if cmd.Flags().Changed("data") && *dir == "" {
			return misuse("which directory? give --data DIR, or leave it out")
		}
		if *dir, err = demoDir(*dir); err != nil {
			return err
		}
		d := &demo{teller: newTeller(cmd.OutOrStdout()), dir: *dir}
		return errors.Join(d.run(cmd.Context()), d.err)
	}
	return cmd
}

// demoDir gives the directory to work in.
func demoDir(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "dendro-demo-")
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return "", fmt.Errorf("%s is not empty; name a new directory", dir)
	}
	return dir, nil
}

// demo shows one campaign.
type demo struct {
	*teller
	dir  string
	half time.Time // simulated, when half of the tasks were done
}

func (d *demo) run(ctx context.Context) (err error) {
	id := crowd.Identity(demoSeed, demoPartitions)
	w, err := openWorkplace(ctx, plan{
		dir: d.dir, owner: demoOwner, make: &id, dice: crowd.Dice(demoSeed), first: crowd.Policy(demoContributors),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	d.title("A campaign")
	d.say("%d simulated people collect conversations in %s: they write, review each\nother, rank, skip, spam, and some keep order. Their time is made up; the engine,\nthe rules and the log are real.\n",
		demoContributors, strings.Join(crowd.Languages(demoContributors), ", "))
	if err := d.campaign(ctx, w); err != nil {
		return err
	}
	if err := w.engine.Close(); err != nil {
		return err
	}
	d.title("Two datasets of it")
	now, err := d.datasets(ctx, w.log)
	if err != nil {
		return err
	}
	d.title("One message, from its first event to its line")
	if err := d.follow(ctx, w.log, now); err != nil {
		return err
	}
	d.farewell()
	return nil
}

// campaign lets the crowd work and shows what happens.
func (d *demo) campaign(ctx context.Context, w *workplace) error {
	show := newLive(d.teller, w.clock.Now())
	stage := 1
	_, err := crowd.Run(ctx, w.engine, crowd.Options{
		Seed: demoSeed, Contributors: demoContributors, Tasks: demoTasks, Clock: w.clock, Start: w.found.Events(),
		Acknowledged: func(events []domain.Recorded) error {
			show.happened(events)
			return d.err
		},
		Progress: func(done int) {
			if d.half.IsZero() && done >= demoTasks/2 {
				d.half = w.clock.Now()
			}
			for ; stage <= demoStages && done >= stage*demoTasks/demoStages; stage++ {
				show.stage(stage * demoTasks / demoStages)
			}
		},
	})
	return err
}

// datasets exports now and at the half, and verifies both.
func (d *demo) datasets(ctx context.Context, log domain.Log) (now dataset.Manifest, err error) {
	recipe := projection.Recipe{Variant: projection.Ready, Format: projection.Messages}
	then, err := dataset.ResolveAt(ctx, log, d.half)
	if err != nil {
		return now, err
	}
	end, err := log.End(ctx)
	if err != nil {
		return now, err
	}
	for _, x := range []struct {
		name, what string
		cut        domain.Cut
		at         *time.Time
	}{
		{"half", "as of " + d.half.Format("2006-01-02 15:04"), then, &d.half},
		{"now", "as of now", end, nil},
	} {
		dir := d.exportDir(x.name)
		if now, err = dataset.Export(ctx, log, x.cut, recipe, dataset.Options{Dir: dir, Campaign: "demo", At: x.at}); err != nil {
			return now, err
		}
		if err := dataset.Verify(ctx, log, dir, nil); err != nil {
			return now, err
		}
		d.say("  %-22s %5s messages  %s", x.what, grouped(now.Files[0].Rows), dir)
		d.say("  %s", d.faint("  cut "+now.Cut.String()))
		d.say("  %s %s", d.faint("  "+now.Digest[:23]+"…"), d.good("made again from the log, and equal"))
	}
	return now, nil
}

func (d *demo) exportDir(name string) string { return filepath.Join(d.dir, "exports", name) }

func (d *demo) farewell() {
	d.title("Yours to look at")
	d.say("  log      %s", d.dir)
	d.say("  exports  %s\n           %s\n", d.exportDir("now"), d.exportDir("half"))
	d.say("Try next:")
	for _, line := range []string{
		"log stat --data " + d.dir,
		"log verify --data " + d.dir,
		"log tail --data " + d.dir + " --type lottery.drawn --limit 3",
		"export --data " + d.dir + " --variant all --format trees --out ./all",
		"simulate --data " + d.dir + " --tasks 2000",
		"export --data " + d.dir + " --verify " + d.exportDir("half"),
	} {
		d.say("  %s", d.strong("dendro "+line))
	}
	d.say("\nThe last one still holds after more was collected: a dataset is a cut and a recipe.")
}
