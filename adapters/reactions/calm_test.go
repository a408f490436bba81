package reactions

import (
	"errors"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill"
)

// An error is told at once, then rarely, with how often it was met meanwhile;
// others are not held up by it.
func TestCalm(t *testing.T) {
	heard := watermill.NewCaptureLogger()
	now := time.Unix(100, 0)
	l := newCalm(heard, func() time.Time { return now }).With(watermill.LogFields{"group": "a"})
	broken := errors.New("connection refused")
	for range 1000 {
		l.Error("broker", broken, nil)
	}
	l.Error("other", broken, nil)
	now = now.Add(errorsEvery)
	l.Error("broker", broken, watermill.LogFields{"partition": 3})
	var got []watermill.LogFields
	for _, m := range heard.Captured()[watermill.ErrorLogLevel] {
		if m.Msg == "broker" {
			got = append(got, m.Fields)
		} else if m.Msg != "other" || !errors.Is(m.Err, broken) {
			t.Errorf("it said %+v", m)
		}
	}
	if len(got) != 2 || got[0]["left_out"] != nil || got[1]["left_out"] != 999 || got[1]["partition"] != 3 || got[1]["group"] != "a" {
		t.Errorf("of 1001 errors it told %v", got)
	}
}
