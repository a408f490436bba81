package members_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"dendro/adapters/kafka/kafkatest"
	"dendro/adapters/kafka/members"
	"dendro/domain"
)

// owner is a node that only counts.
type owner struct {
	name string
	all  *ledger
	fail int // so many acquisitions fail first

	mu  sync.Mutex
	has map[domain.Partition]bool
}

// ledger watches that no partition is released by nobody or held twice.
type ledger struct {
	t      *testing.T
	mu     sync.Mutex
	holder map[domain.Partition]string
}

func (o *owner) Acquire(_ context.Context, p domain.Partition) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fail > 0 {
		o.fail--
		return errors.New("not yet")
	}
	o.all.mu.Lock()
	defer o.all.mu.Unlock()
	if by := o.all.holder[p]; by != "" && by != o.name {
		o.all.t.Errorf("%s acquires partition %d, which %s still has", o.name, p, by)
	}
	o.all.holder[p] = o.name
	o.has[p] = true
	return nil
}

func (o *owner) Release(_ context.Context, p domain.Partition) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all.mu.Lock()
	defer o.all.mu.Unlock()
	if o.has[p] {
		o.all.holder[p] = ""
	}
	delete(o.has, p)
	return nil
}

func (o *owner) Owned() []domain.Partition {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := []domain.Partition{}
	for p := range o.has {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

const partitions = 6

func TestMain(m *testing.M) { os.Exit(kafkatest.Main(m)) }

func TestMembersShare(t *testing.T) {
	cluster := kafkatest.Shared(t)
	topic := kafkatest.Topic(t)
	cluster.CreateTopic(t, topic, partitions, 1, nil)
	all := &ledger{t: t, holder: map[domain.Partition]string{}}
	join := func(name string, fail int) (*owner, *members.Member) {
		o := &owner{name: name, all: all, has: map[domain.Partition]bool{}, fail: fail}
		m, err := members.Join(t.Context(), members.Options{Brokers: cluster.Addresses(), Topic: topic, Group: topic + "-nodes"}, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		})
		return o, m
	}
	a, first := join("a", 2)
	settle(t, a)
	b, _ := join("b", 0)
	settle(t, a, b)
	c, _ := join("c", 0)
	settle(t, a, b, c)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if left := a.Owned(); len(left) > 0 {
		t.Errorf("who left still holds %v", left)
	}
	settle(t, b, c)

	// A partition that was lost to another owner is acquired again.
	lost := b.Owned()[0]
	if err := b.Release(t.Context(), lost); err != nil {
		t.Fatal(err)
	}
	settle(t, b, c)
}

// settle waits until the partitions are shared out evenly.
func settle(t *testing.T, owners ...*owner) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		var held []domain.Partition
		even, told := true, ""
		for _, o := range owners {
			own := o.Owned()
			held = append(held, own...)
			even = even && len(own) == partitions/len(owners)
			told += fmt.Sprintf("%s %v; ", o.name, own)
		}
		slices.Sort(held)
		if even && len(slices.Compact(held)) == partitions {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the partitions are not shared out: %s", told)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
