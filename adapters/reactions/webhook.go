package reactions

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"dendro/domain"
	"dendro/domain/tree"
	"dendro/schemas"
)

// Webhook tells another system about reports: POST {"event": …}, the event in
// its CloudEvents form, with ids for data and no text of anybody. A receiver
// may be told twice, and knows by the event's id. Any 2xx is fine.
type Webhook struct {
	URL string
	// Secret signs each request, as Sign says; at least 16 bytes.
	Secret []byte
	// Since leaves out older events: those before the webhook was wanted.
	Since time.Time
	// Within bounds one request. Default 10 s.
	Within time.Duration
}

// SignatureHeader carries the signature of a webhook's request.
const SignatureHeader = "X-Dendro-Signature"

// Sign gives the value of SignatureHeader, t=SECONDS,v1=HEX: the time in seconds
// since 1970, and the HMAC-SHA256 under the secret of those digits, a dot, and
// the body. Receivers should refuse times too far from theirs.
func Sign(secret []byte, at time.Time, body []byte) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(seconds + "."))
	mac.Write(body)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

const minSecret = 16

func (x *Reactions) webhookHandler() (*handler, error) {
	w := x.c.Webhook
	if len(w.Secret) < minSecret {
		return nil, fmt.Errorf("webhook: its secret must have at least %d bytes", minSecret)
	}
	p, err := newPoster(w.URL)
	if err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	x.closers = append(x.closers, p.close)
	return &handler{
		name: "webhook", follows: []domain.EventType{"message.reported"}, within: orDefault(w.Within, 10*time.Second),
		do: func(ctx context.Context, r *domain.Recorded) error { return x.tell(ctx, p, r) },
	}, nil
}

// tell posts one report.
func (x *Reactions) tell(ctx context.Context, p *poster, r *domain.Recorded) error {
	if r.Time.Before(x.c.Webhook.Since) {
		return nil
	}
	body, err := reportBody(r)
	if err != nil {
		return permanentError{err}
	}
	header := http.Header{}
	header.Set(SignatureHeader, Sign(x.c.Webhook.Secret, x.c.Clock.Now(), body))
	_, err = p.post(ctx, body, header)
	return err
}

// reportBody writes the event without the reason, which is a contributor's own
// words.
func reportBody(r *domain.Recorded) ([]byte, error) {
	e, ok := r.Payload.(tree.MessageReported)
	if !ok {
		return nil, errors.New("the event is no report")
	}
	public := *r
	e.Reason = ""
	public.Payload = e
	event, err := schemas.AppendJSON(nil, public)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]json.RawMessage{"event": event})
}
