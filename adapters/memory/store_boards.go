package memory

import (
	"cmp"
	"math"
	"slices"
	"time"

	"dendro/domain"
	"dendro/domain/reward"
	"dendro/projections/boards"
)

// deedRows keeps deeds small, for there are some ten per message, and what is
// counted of them side by side, by UTC day. Deeds and accounts are known by
// numbers.
type deedRows struct {
	accounts map[domain.ContributorID]uint32
	totals   []boards.Tally      // by account, of all deeds that count
	work     [][]workDay         // by account, by day
	subjects map[[16]byte]uint32 // their places in ids and first
	ids      [][16]byte
	first    []uint32 // a subject's first deed; 0 is none
	deeds    deedArena
	days     []deedDay // by day, none empty
	labels   labelSets
}

// deed is what is rarely looked at of a row. The deeds of one subject are a
// list that begins at deedRows.first.
type deed struct {
	at    int64 // microseconds since 1970
	other uint32
	of    uint32 // the subject
	next  uint32 // deed of the same subject; 0 is none
	place uint32 // in its day's list
	kind  boards.Kind
}

// deedDay lists the deeds of one UTC day.
type deedDay struct {
	day   int32 // since 1970
	deeds []dayDeed
}

type dayDeed struct {
	n, by  uint32
	labels uint32
	kind   boards.Kind
	counts bool
}

// workDay says that an account completed tasks on a day.
type workDay struct {
	day  int32
	n    int32
	last int64 // when it completed the newest
}

func newDeedRows() deedRows {
	return deedRows{accounts: map[domain.ContributorID]uint32{}, subjects: map[[16]byte]uint32{}, deeds: newDeedArena(), labels: newLabelSets()}
}

func (d *deedRows) put(row *boards.Deed, gone bool) {
	other := d.account(row.Other)
	n, before := d.find(row, other)
	switch {
	case n == 0 && gone:
		return
	case n == 0:
		n = d.deeds.take()
		of := d.subject(row.Subject)
		d.deeds.at(n).of, d.deeds.at(n).next = of, d.first[of]
		d.first[of] = n
	default:
		d.leave(n)
	}
	if gone {
		d.unlink(n, before)
		d.deeds.give(n)
		return
	}
	x := d.deeds.at(n)
	x.at, x.other, x.kind = row.At.UnixMicro(), other, row.Kind
	d.enter(dayDeed{n: n, by: d.account(row.By), labels: d.labels.number(row.Labels), kind: row.Kind, counts: row.Counts})
}

// find gives the deed with the row's key and the one before it in its list, 0
// for none.
func (d *deedRows) find(row *boards.Deed, other uint32) (n, before uint32) {
	of, known := d.subjects[row.Subject]
	if !known {
		return 0, 0
	}
	for n = d.first[of]; n != 0; n = d.deeds.at(n).next {
		if x := d.deeds.at(n); x.kind == row.Kind && x.other == other {
			return n, before
		}
		before = n
	}
	return 0, 0
}

func (d *deedRows) unlink(n, before uint32) {
	x := d.deeds.at(n)
	if before != 0 {
		d.deeds.at(before).next = x.next
		return
	}
	d.first[x.of] = x.next
}

// subject numbers a subject.
func (d *deedRows) subject(id [16]byte) uint32 {
	n, known := d.subjects[id]
	if !known {
		n = uint32(len(d.ids))
		d.subjects[id], d.ids, d.first = n, append(d.ids, id), append(d.first, 0)
	}
	return n
}

// account numbers an account. Nobody, the zero id, has a number too.
func (d *deedRows) account(id domain.ContributorID) uint32 {
	n, known := d.accounts[id]
	if !known {
		n = uint32(len(d.totals))
		d.accounts[id] = n
		d.totals = append(d.totals, boards.Tally{Contributor: id})
		d.work = append(d.work, nil)
	}
	return n
}

// enter counts a deed, leave takes it out of all counts again.
func (d *deedRows) enter(e dayDeed) {
	x := d.deeds.at(e.n)
	i, there := d.day(dayOf(x.at))
	if !there {
		d.days = slices.Insert(d.days, i, deedDay{day: dayOf(x.at)})
	}
	x.place = uint32(len(d.days[i].deeds))
	d.days[i].deeds = append(d.days[i].deeds, e)
	if e.counts {
		d.tally(&d.totals[e.by], e, 1)
	}
	if e.kind.Task() {
		d.worked(e.by, x.at)
	}
}

func (d *deedRows) leave(n uint32) {
	x := d.deeds.at(n)
	i, _ := d.day(dayOf(x.at))
	list := d.days[i].deeds
	e, end := list[x.place], len(list)-1
	list[x.place] = list[end]
	d.deeds.at(list[end].n).place = x.place
	d.days[i].deeds = list[:end]
	if e.counts {
		d.tally(&d.totals[e.by], e, -1)
	}
	if e.kind.Task() {
		d.unworked(e.by, x.at, list[:end])
	}
	if end == 0 {
		d.days = slices.Delete(d.days, i, i+1)
	}
}

func (d *deedRows) tally(t *boards.Tally, e dayDeed, sign int) {
	t.Counts[e.kind] += sign
	if e.labels != 0 {
		t.Labels.Add(&d.labels.sets[e.labels], sign)
	}
}

// day finds a day's place in days.
func (d *deedRows) day(day int32) (i int, there bool) {
	return slices.BinarySearchFunc(d.days, day, func(x deedDay, day int32) int { return cmp.Compare(x.day, day) })
}

func (d *deedRows) worked(by uint32, at int64) {
	days, day := d.work[by], dayOf(at)
	i, there := workOn(days, day)
	if !there {
		d.work[by] = slices.Insert(days, i, workDay{day: day, n: 1, last: at})
		return
	}
	days[i].n++
	days[i].last = max(days[i].last, at)
}

// unworked takes a task out; rest are the other deeds of its day.
func (d *deedRows) unworked(by uint32, at int64, rest []dayDeed) {
	days := d.work[by]
	i, _ := workOn(days, dayOf(at))
	days[i].n--
	switch {
	case days[i].n == 0:
		d.work[by] = slices.Delete(days, i, i+1)
	case days[i].last == at:
		days[i].last = math.MinInt64
		for _, e := range rest {
			if e.by == by && e.kind.Task() {
				days[i].last = max(days[i].last, d.deeds.at(e.n).at)
			}
		}
	}
}

func workOn(days []workDay, day int32) (i int, there bool) {
	return slices.BinarySearchFunc(days, day, func(x workDay, day int32) int { return cmp.Compare(x.day, day) })
}

const dayLength = int64(24 * time.Hour / time.Microsecond)

// dayOf gives the UTC day, since 1970, of a time in microseconds.
func dayOf(at int64) int32 {
	day := at / dayLength
	if at%dayLength < 0 {
		day--
	}
	return int32(day)
}

func dayStart(day int32) int64 { return int64(day) * dayLength }

// deedArena holds deeds in blocks, so that growing copies none. Number 0 is no
// deed.
type deedArena struct {
	blocks []*[deedBlock]deed
	used   uint32 // numbers ever taken
	free   uint32 // first of those given back, a list by next
}

const deedBlock = 1 << 12

func newDeedArena() deedArena {
	return deedArena{blocks: []*[deedBlock]deed{new([deedBlock]deed)}, used: 1}
}

func (a *deedArena) at(n uint32) *deed { return &a.blocks[n/deedBlock][n%deedBlock] }

func (a *deedArena) take() uint32 {
	if n := a.free; n != 0 {
		a.free = a.at(n).next
		return n
	}
	n := a.used
	if n%deedBlock == 0 {
		a.blocks = append(a.blocks, new([deedBlock]deed))
	}
	a.used++
	return n
}

func (a *deedArena) give(n uint32) {
	*a.at(n) = deed{next: a.free}
	a.free = n
}

// labelSets numbers the different label sets that came; there are few, for
// people are asked for one of five values. Number 0 is none.
type labelSets struct {
	numbers map[reward.Labels]uint32
	sets    []reward.Labels
}

func newLabelSets() labelSets {
	return labelSets{numbers: map[reward.Labels]uint32{}, sets: make([]reward.Labels, 1)}
}

func (l *labelSets) number(set *reward.Labels) uint32 {
	if set == nil {
		return 0
	}
	n, known := l.numbers[*set]
	if !known {
		n = uint32(len(l.sets))
		l.numbers[*set], l.sets = n, append(l.sets, *set)
	}
	return n
}
