package httpapi_test

import (
	"strings"
	"testing"

	"dendro/adapters/httpapi"
)

// The past is for trusted clients: any other is refused wherever a key is
// taken, whatever it asks for; and nothing is written as of the past.
func TestThePastIsForTrustedClients(t *testing.T) {
	e := newEstate(t)
	asked := 0
	for _, op := range theContract(t).operations {
		if !strings.HasPrefix(op.Path, "/api/v1/") || op.Extensions["x-dendro-trusted"] != nil || strings.HasSuffix(op.Path, "/report_labels") || strings.HasPrefix(op.Path, "/api/v1/admin/") {
			continue
		}
		a := e.asking(op, e.own.key, "", &e.own, &e.own)
		a.path += "?as_of=2024-01-02T12:00:00%2B00:00"
		asked++
		if got := e.do(a); got.status != 403 {
			t.Errorf("%s: %d %s", op, got.status, got.raw)
		}
	}
	if asked < 20 {
		t.Errorf("only %d operations were asked for", asked)
	}
	if got := e.do(ask{method: "DELETE", path: "/messages/" + e.trusted.message + "?as_of=2024-01-02T12:00:00%2B00:00", key: e.trusted.key}); got.status != 422 {
		t.Errorf("a deletion in the past: %d %s", got.status, got.raw)
	}
	w := newWorld(t, func(c *httpapi.Config) { c.Past = nil })
	if got := w.do(ask{method: "GET", path: "/stats/?as_of=2024-01-02T12:00:00%2B00:00", key: w.trusted}); got.status != 400 {
		t.Errorf("a server without a past: %d %s", got.status, got.raw)
	}
}
