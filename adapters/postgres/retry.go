package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// How often what failed in passing is tried again. The pauses double up to the
// longest: together they last as long as a server takes to restart, or another
// one to take its place.
const (
	maxAttempts   = 14
	firstPause    = 10 * time.Millisecond
	longestPause  = time.Second
	readOnlyState = "25006" // the answer of a server that another one took over from
	lockedState   = "55P03" // lock_timeout
)

// calls makes calls of a database: each ends in time, and those that fail in
// passing are made again. An error tells whoever runs the database what to do.
type calls struct {
	pool   *pgxpool.Pool
	within time.Duration // one attempt
}

func callsOf(pool *pgxpool.Pool) calls {
	ms, err := strconv.Atoi(pool.Config().ConnConfig.RuntimeParams[callParameter])
	if err != nil { // Open did not make it
		return calls{pool, callTimeout}
	}
	return calls{pool, time.Duration(ms) * time.Millisecond}
}

// repeat calls f, which may be done several times without harm, until it
// succeeds, fails for good, or has failed too often in passing.
func (c calls) repeat(ctx context.Context, f func(context.Context) error) error {
	return explain(c.attempt(ctx, passing, f))
}

// once is repeat for an f that must not be done twice: it is tried again only
// while nothing of it can have been done.
func (c calls) once(ctx context.Context, f func(context.Context) error) error {
	return explain(c.attempt(ctx, undone, f))
}

func (c calls) attempt(ctx context.Context, again func(error) bool, f func(context.Context) error) error {
	pause := firstPause
	for n := 1; ; n++ {
		err := c.one(ctx, f)
		if err == nil || n == maxAttempts || ctx.Err() != nil || !again(err) {
			return err
		}
		if state(err) == readOnlyState {
			c.pool.Reset() // all connections lead to the same server
		}
		if ended := wait(ctx, pause); ended != nil {
			return fmt.Errorf("%w, while it was to be tried again behind: %w", ended, err)
		}
		pause = min(2*pause, longestPause)
	}
}

func (c calls) one(ctx context.Context, f func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, c.within)
	defer cancel()
	err := f(bounded)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return fmt.Errorf("%w within %s (%w)", errSilent, c.within, err)
	}
	return err
}

// state gives the SQLSTATE that the server answered, or "".
func state(err error) string {
	var answer *pgconn.PgError
	if errors.As(err, &answer) {
		return answer.Code
	}
	return ""
}

// undone reports whether what failed was certainly not done, and may succeed
// another time.
func undone(err error) bool {
	switch code := state(err); {
	case code == "40001", code == "40P01", // serialization failure, deadlock: rolled back
		code == "57P03", code == "53300", // no connection: starting up, too many clients
		code == readOnlyState:
		return true
	case code != "":
		return false
	}
	var connecting *pgconn.ConnectError
	return errors.As(err, &connecting) || pgconn.SafeToRetry(err)
}

// passing reports whether what failed may succeed another time, done or not.
func passing(err error) bool {
	if undone(err) {
		return true
	}
	if code := state(err); code != "" {
		// A lost connection, and a server that is being shut down or has crashed.
		return strings.HasPrefix(code, "08") || strings.HasPrefix(code, "57P0")
	}
	if errors.Is(err, context.DeadlineExceeded) { // errSilent: it was tried long enough
		return false
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}
