package schemas

import (
	"errors"
	"strconv"
	"time"

	"dendro/domain"
	"dendro/domain/decimal"
)

// id is an id that is always there.
func id[K any](w *wire, key string, p *domain.ID[K]) {
	if w.member(key) {
		idItem(w, p)
	}
}

// optID is an id that is left out when zero.
func optID[K any](w *wire, key string, p *domain.ID[K]) {
	if w.option(key, !p.IsZero()) {
		if idItem(w, p); p.IsZero() {
			w.empty()
		}
	}
}

func idItem[K any](w *wire, p *domain.ID[K]) { w.uuid((*[16]byte)(p)) }

func (w *wire) uuid(p *[16]byte) {
	if !w.reading {
		w.buf = append(w.buf, '"')
		w.buf = appendUUID(w.buf, p)
		w.buf = append(w.buf, '"')
		return
	}
	if w.err != nil {
		return
	}
	b := w.buf[w.at:]
	if len(b) < 38 || b[0] != '"' || b[37] != '"' || !takeUUID(p, b[1:37]) {
		w.fail("a lower-case UUID expected, found %s", w.rest())
		return
	}
	w.at += 38
}

// pairs has the place of each byte's two digits in a UUID's text.
var pairs = [16]int{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}

func appendUUID(dst []byte, id *[16]byte) []byte {
	var b [36]byte
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	for i, at := range &pairs {
		b[at], b[at+1] = hexDigits[id[i]>>4], hexDigits[id[i]&15]
	}
	return append(dst, b[:]...)
}

// unhex has the value of each lower-case hexadecimal digit, and notHex else.
var unhex = func() (t [256]byte) {
	for i := range t {
		t[i] = notHex
	}
	for i := range len(hexDigits) {
		t[hexDigits[i]] = byte(i)
	}
	return t
}()

const notHex = 0xff

func takeUUID(id *[16]byte, b []byte) bool {
	if len(b) != 36 || b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
		return false
	}
	for i, at := range &pairs {
		hi, lo := unhex[b[at]], unhex[b[at+1]]
		if hi|lo == notHex {
			return false
		}
		id[i] = hi<<4 | lo
	}
	return true
}

// num is a whole number that is always there.
func num(w *wire, key string, p *int) {
	if w.member(key) {
		numItem(w, p)
	}
}

func numItem(w *wire, p *int) {
	if !w.reading {
		w.buf = strconv.AppendInt(w.buf, int64(*p), 10)
		return
	}
	b := w.takeNumber()
	n, err := strconv.Atoi(string(b))
	if err != nil {
		w.fail("%q is not a whole number, or too large", b)
		return
	}
	*p = n
}

// big is a 64-bit number, written as a string: JSON numbers of most readers
// end at 2⁵³ (RFC 7493 §2.2).
func big(w *wire, key string, p *uint64) {
	if !w.member(key) {
		return
	}
	w.mark('"')
	if !w.reading {
		w.buf = strconv.AppendUint(w.buf, *p, 10)
	} else {
		b := w.takeNumber()
		n, err := strconv.ParseUint(string(b), 10, 64)
		if err != nil {
			w.fail("%q is not a number of 64 bits", b)
		}
		*p = n
	}
	w.mark('"')
}

// takeNumber gives the number at hand; its text has no needless digits.
func (w *wire) takeNumber() []byte {
	if w.err != nil {
		return nil
	}
	start, i := w.at, w.at
	if i < len(w.buf) && w.buf[i] == '-' {
		i++
	}
	whole := digits(w.buf, i)
	end := whole
	if whole < len(w.buf) && w.buf[whole] == '.' {
		end = digits(w.buf, whole+1)
	}
	b := w.buf[start:end]
	switch {
	case whole == i, // no digit
		w.buf[i] == '0' && whole > i+1,                          // 01
		end != whole && (end == whole+1 || w.buf[end-1] == '0'), // 1. or 1.0
		i > start && w.buf[i] == '0' && end == whole:            // -0
		w.fail("not a number in canonical form: %s", w.rest())
		return nil
	}
	w.at = end
	return b
}

func digits(b []byte, i int) int {
	for i < len(b) && '0' <= b[i] && b[i] <= '9' {
		i++
	}
	return i
}

// dec is a decimal that is always there.
func dec(w *wire, key string, p *decimal.Decimal) {
	if w.member(key) {
		decItem(w, p)
	}
}

// common are the decimals of which nearly all labels consist.
var common = [...]struct {
	text  string
	value decimal.Decimal
}{
	{"0", decimal.Int(0)}, {"1", decimal.Int(1)}, {"0.5", decimal.MustParse("0.5")},
	{"0.25", decimal.MustParse("0.25")}, {"0.75", decimal.MustParse("0.75")},
}

func decItem(w *wire, p *decimal.Decimal) {
	if w.reading {
		w.takeDecimal(p)
		return
	}
	for i := range common {
		if *p == common[i].value {
			w.buf = append(w.buf, common[i].text...)
			return
		}
	}
	s := p.String()
	if _, err := decimal.Parse(s); err != nil {
		w.fail("%v", err)
		return
	}
	w.buf = append(w.buf, s...)
}

func (w *wire) takeDecimal(p *decimal.Decimal) {
	b := w.takeNumber()
	for i := range common {
		if string(b) == common[i].text {
			*p = common[i].value
			return
		}
	}
	if w.err != nil {
		return
	}
	x, err := decimal.Parse(string(b))
	if err != nil {
		w.fail("%v", err)
		return
	}
	*p = x
}

// truth is a boolean that is always there.
func truth(w *wire, key string, p *bool) {
	if !w.member(key) {
		return
	}
	word := "false"
	if w.reading && w.at < len(w.buf) && w.buf[w.at] == 't' || !w.reading && *p {
		word = "true"
	}
	w.word(word)
	*p = word == "true"
}

// optTruth is a boolean that is left out when false.
func optTruth(w *wire, key string, p *bool) {
	if w.option(key, *p) {
		w.word("true")
		*p = true
	}
}

func (w *wire) word(word string) {
	for i := range len(word) {
		w.mark(word[i])
	}
}

// span is a duration as a whole number of units, always there.
func span(w *wire, key string, p *time.Duration, unit time.Duration) {
	n := int(*p / unit)
	if !w.reading && *p%unit != 0 {
		w.key = key
		w.fail("%s is not a whole number of %s", *p, unit)
		return
	}
	num(w, key, &n)
	if d := time.Duration(n) * unit; int(d/unit) != n {
		w.fail("%d times %s is too long", n, unit)
	} else {
		*p = d
	}
}

// instant is a time that is always there.
func instant(w *wire, key string, p *time.Time) {
	if w.member(key) {
		instantItem(w, p)
	}
}

// optInstant is a time that is left out when zero.
func optInstant(w *wire, key string, p *time.Time) {
	if w.option(key, !p.IsZero()) {
		if instantItem(w, p); p.IsZero() {
			w.empty()
		}
	}
}

func instantItem(w *wire, p *time.Time) {
	w.mark('"')
	if !w.reading {
		if err := checkTime(*p); err != nil {
			w.fail("%v", err)
			return
		}
		w.buf = appendTime(w.buf, *p)
	} else {
		w.takeTime(p)
	}
	w.mark('"')
}

// timeForm is RFC 3339 in UTC to the microsecond; times are of years 0 to 9999.
const timeForm = "2006-01-02T15:04:05.000000Z"

func checkTime(t time.Time) error {
	switch {
	case t != domain.Instant(t):
		return errTimeForm
	case t.Year() < 0 || t.Year() > 9999:
		return errTimeYear
	}
	return nil
}

var (
	errTimeForm = errors.New("the time is not UTC in whole microseconds; pass it through domain.Instant")
	errTimeYear = errors.New("the time is not of a year from 0 to 9999")
)

func appendTime(dst []byte, t time.Time) []byte { return t.AppendFormat(dst, timeForm) }

func (w *wire) takeTime(p *time.Time) {
	if w.err != nil {
		return
	}
	b := w.buf[w.at:]
	const n = len(timeForm)
	// UnmarshalText checks all digits and ranges of RFC 3339.
	if len(b) < n || b[n-1] != 'Z' || b[19] != '.' || p.UnmarshalText(b[:n]) != nil {
		w.fail("a time such as %s expected, found %s", timeForm, w.rest())
		return
	}
	w.at += n
}
