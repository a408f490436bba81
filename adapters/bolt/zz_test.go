package bolt

import (
	"fmt"
	"os"
	"testing"
	"time"

	"dendro/adapters/adaptertest"
	"dendro/domain"
	"go.etcd.io/bbolt"
)

func TestZZ(t *testing.T) {
	for _, group := range []int{1, 64, 1024} {
		l := mustOpen(t, t.TempDir(), testOptions(1))
		w, feed := mustOwn(t, l, 0)
		mustClose(t, l)
		l.start2(t)
		_ = w
		bf, _ := os.Create(t.TempDir() + "/b")
		var d [8]time.Duration
		n := 300
		for i := range n {
			events := feed.Events(adaptertest.Command(0, i), group, 7, benchText)
			t0 := time.Now()
			r, err := w.(*writer).request(events)
			if err != nil {
				t.Fatal(err)
			}
			t1 := time.Now()
			g := staged{l: l, tails: map[dp]tail{}}
			if err := g.stage(r); err != nil {
				t.Fatal(err)
			}
			tails := append([]tail(nil), g.tails[0])
			t2 := time.Now()
			var t3 time.Time
			err = l.update(func(tx *bbolt.Tx) error {
				if err := l.room(tx.Size(), &g); err != nil {
					return err
				}
				err := g.put(tx, tails)
				t3 = time.Now()
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			t4 := time.Now()
			syncData(l.file)
			t5 := time.Now()
			l.tails = tails
			l.writeHead()
			l.publish()
			t6 := time.Now()
			for _, f := range r.frames {
				bf.Write(f)
			}
			syncData(bf)
			t7 := time.Now()
			for j, x := range []time.Duration{t1.Sub(t0), t2.Sub(t1), t3.Sub(t2), t4.Sub(t3), t5.Sub(t4), t6.Sub(t5), t7.Sub(t6)} {
				d[j] += x
			}
		}
		for j, name := range []string{"encode", "stage", "put", "commit", "sync", "head", "bare"} {
			fmt.Printf("%s %v  ", name, d[j]/time.Duration(n))
		}
		fmt.Println()
	}
}

type dp = domain.Partition

func (l *Log) start2(t *testing.T) {
	l.closed = false
	if err := l.openFiles(t.Context(), false); err != nil {
		t.Fatal(err)
	}
}
