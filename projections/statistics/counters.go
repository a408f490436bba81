package statistics

// counters are those of one table. R is a row, and with a count of 0 its key.
type counters[R comparable] struct {
	all     map[R]*counter[R]
	touched []*counter[R] // since changed was last asked
	count   func(*R) *int // the row's count
}

type counter[R comparable] struct {
	key   R
	n     int
	given int // n in the newest row
}

func newCounters[R comparable](count func(*R) *int) counters[R] {
	return counters[R]{all: map[R]*counter[R]{}, count: count}
}

// of gives the counter of a key.
func (c *counters[R]) of(key R) *counter[R] {
	got := c.all[key]
	if got == nil {
		got = &counter[R]{key: key}
		c.all[key] = got
	}
	return got
}

func (c *counters[R]) add(to *counter[R], n int) {
	to.n += n
	c.touched = append(c.touched, to)
}

// changed gives a row of every counter that has another count than in its
// newest row, in the order in which they were touched.
func (c *counters[R]) changed() (rows []*R) {
	for _, t := range c.touched {
		if t.n != t.given {
			row := t.key
			*c.count(&row) = t.n
			t.given = t.n
			rows = append(rows, &row)
		}
	}
	c.touched = c.touched[:0]
	return rows
}
