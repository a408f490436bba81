package peer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"dendro/commands"
	"dendro/domain"
)

// Directory knows who owns which partition, as far as can be known: it may be
// wrong while ownership moves.
type Directory interface {
	// Owner gives the address of a partition's owner, as http://host:port or
	// https://host:port, and whether there is one.
	Owner(p domain.Partition) (address string, ok bool)
}

// The client's limits. A node that is frozen is given up after answerWithin:
// by then another may own its partitions.
const (
	connectWithin = 2 * time.Second
	answerWithin  = 10 * time.Second
	idleConns     = 64 // kept open per node
	idleFor       = time.Minute
)

var _ commands.Peers = (*Client)(nil)

// Client passes commands and questions on to other nodes. It may be used
// concurrently.
type Client struct {
	seal   sealer
	owners Directory
	http   *http.Client
	within time.Duration
}

// NewClient makes the client of a node with a log of that id.
func NewClient(log domain.LogID, secret Secret, clock domain.Clock, owners Directory) *Client {
	return &Client{seal: sealer{secret, log, clock}, owners: owners, within: answerWithin, http: &http.Client{
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: connectWithin}).DialContext,
			TLSHandshakeTimeout: connectWithin, MaxIdleConnsPerHost: idleConns, IdleConnTimeout: idleFor,
			DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close closes the connections that are idle.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Do implements commands.Peers.
func (c *Client) Do(ctx context.Context, p domain.Partition, cmd commands.Command) (commands.Result, error) {
	body, err := encodeCommand(p, cmd)
	if err != nil {
		return commands.Result{}, err
	}
	got, err := c.call(ctx, p, CommandsPath, body)
	if err != nil {
		return commands.Result{}, err
	}
	if got.Result == nil {
		return commands.Result{}, fmt.Errorf("the answer has no result: %w", domain.ErrUnknown)
	}
	res, err := decodeResult(got.Result)
	if err != nil {
		err = fmt.Errorf("the answer cannot be read: %w: %w", domain.ErrUnknown, err)
	}
	return res, err
}

// Ask implements commands.Peers.
func (c *Client) Ask(ctx context.Context, p domain.Partition, q commands.Question) (commands.Answer, error) {
	body, err := encodeQuestion(p, q)
	if err != nil {
		return commands.Answer{}, err
	}
	got, err := c.call(ctx, p, QuestionsPath, body)
	if err != nil {
		return commands.Answer{}, err
	}
	if got.Answer == nil {
		return commands.Answer{}, fmt.Errorf("the answer is empty: %w", domain.ErrUnknown)
	}
	return *got.Answer, nil
}

// call sends a request to the partition's owner, and gives its sealed reply, or
// the error in it. Whatever else comes back is no answer.
func (c *Client) call(ctx context.Context, p domain.Partition, path string, body []byte) (reply, error) {
	if len(body) > maxRequest {
		return reply{}, domain.Refuse(domain.Invalid, "the command has %d bytes, more than the %d that nodes pass on", len(body), maxRequest)
	}
	address, ok := c.owners.Owner(p)
	if !ok {
		return reply{}, &commands.NotOwned{Partition: p}
	}
	limit, cancel := context.WithTimeout(ctx, c.within)
	defer cancel()
	var sent atomic.Bool
	limit = httptrace.WithClientTrace(limit, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	r, err := http.NewRequestWithContext(limit, http.MethodPost, address+path, bytes.NewReader(body))
	if err != nil {
		return reply{}, fmt.Errorf("%w: its address: %v", &commands.NotOwned{Partition: p}, err)
	}
	got, err := c.exchange(r, body)
	switch {
	case err == nil && got.Failure != nil:
		return reply{}, got.Failure.err()
	case err == nil:
		return got, nil
	case ctx.Err() != nil:
		return reply{}, ctx.Err()
	case !sent.Load():
		return reply{}, fmt.Errorf("%w: it was not reached: %v", &commands.NotOwned{Partition: p}, err)
	}
	return reply{}, fmt.Errorf("no answer from the owner of partition %d: %w: %v", p, domain.ErrUnknown, err)
}

func (c *Client) exchange(r *http.Request, body []byte) (got reply, err error) {
	r.Header.Set("Content-Type", "application/json")
	seal := c.seal.sealRequest(r, body)
	res, err := c.http.Do(r)
	if err != nil {
		return got, err
	}
	defer func() { _ = res.Body.Close() }() // read, or of no use
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return got, err
	case len(answer) > maxAnswer:
		return got, errors.New("the answer is too long")
	}
	if err := c.seal.checkAnswer(res.Header, seal, answer); err != nil {
		return got, fmt.Errorf("%s: %w", res.Status, err)
	}
	return got, strict(answer, &got)
}
