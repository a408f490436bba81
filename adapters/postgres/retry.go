package postgres

import (
	"context"
	"errors"
	"io"
	"net"
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
)

// repeat calls f, which may be done several times without harm, until it
// succeeds, fails for good, or has failed too often in passing.
func repeat(ctx context.Context, pool *pgxpool.Pool, f func(context.Context) error) error {
	return attempt(ctx, pool, passing, f)
}

// once is repeat for an f that must not be done twice: it is tried again only
// while nothing of it can have been done.
func once(ctx context.Context, pool *pgxpool.Pool, f func(context.Context) error) error {
	return attempt(ctx, pool, undone, f)
}

func attempt(ctx context.Context, pool *pgxpool.Pool, again func(error) bool, f func(context.Context) error) error {
	pause := firstPause
	for n := 1; ; n++ {
		err := call(ctx, f)
		if err == nil || n == maxAttempts || ctx.Err() != nil || !again(err) {
			return err
		}
		if state(err) == readOnlyState {
			pool.Reset() // all connections lead to the same server
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

func call(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return f(ctx)
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
	if errors.Is(err, context.DeadlineExceeded) { // callTimeout: it was tried long enough
		return false
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}
