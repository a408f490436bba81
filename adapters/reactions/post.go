package reactions

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// poster sends JSON to one address.
type poster struct {
	url    string
	client *http.Client
}

// Bounds on talking to others.
const (
	dialWithin    = 5 * time.Second
	keepFor       = 90 * time.Second
	maxConns      = 8
	maxHeaderSize = 16 << 10
	maxAnswer     = 64 << 10
)

// newPoster makes a poster of its own connections. Redirects are answers like
// others: what is sent is for the address that was configured.
func newPoster(address string) (*poster, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, errors.New("its address must be of the form http(s)://HOST/PATH, without user and fragment")
	}
	return &poster{url: u.String(), client: &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: dialWithin}).DialContext,
			TLSHandshakeTimeout: dialWithin, MaxConnsPerHost: maxConns, MaxIdleConnsPerHost: maxConns,
			IdleConnTimeout: keepFor, MaxResponseHeaderBytes: maxHeaderSize, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// post sends the body, and gives the answer to a success. Its errors name no
// address, which may hold a secret, and nothing of the answer.
func (p *poster) post(ctx context.Context, body []byte, header http.Header) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return nil, forGood("the request cannot be made")
	}
	req.Header = header
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "dendro")
	res, err := p.client.Do(req)
	if err != nil {
		if inner := new(url.Error); errors.As(err, &inner) {
			err = inner.Err
		}
		return nil, fmt.Errorf("no answer: %w", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
	case retriable(res.StatusCode):
		return nil, fmt.Errorf("answered with status %d", res.StatusCode)
	default:
		return nil, forGood("answered with status %d", res.StatusCode)
	}
	if err != nil {
		return nil, fmt.Errorf("the answer broke off: %w", err)
	}
	if len(answer) > maxAnswer {
		return nil, fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	return answer, nil
}

// retriable tells whether the same request may fare better later.
func retriable(status int) bool {
	return status >= 500 || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests
}

func (p *poster) close() { p.client.CloseIdleConnections() }
