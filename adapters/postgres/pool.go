package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// What holds for every connection, unless the connection string says otherwise.
const (
	connectTimeout   = 5 * time.Second
	statementTimeout = 30 * time.Second // on the server
	lockTimeout      = 10 * time.Second // on the server
	maxConns         = 12
	idleTimeout      = 60 * time.Second // on the server, within a transaction
	callTimeout      = 45 * time.Second // of one attempt, here: a network that has gone silent ends nothing by itself
)

// callParameter is callTimeout in a connection string, in milliseconds. The
// server keeps it with the session, and makes nothing of it.
const callParameter = "dendro.call_timeout"

// Open makes a pool of connections to the database that a connection string
// (a URL, or key=value pairs) names, and tries it. How many connections there
// may be, the string says as pool_max_conns; the timeouts above it can replace
// as statement_timeout, dendro.call_timeout and so on. Where it names several
// hosts, it should say target_session_attrs=read-write too: then a failover is
// followed.
func Open(ctx context.Context, dsn string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("the connection string of Postgres makes no sense: %w", err)
	}
	params := config.ConnConfig.RuntimeParams
	if text, said := params[callParameter]; said {
		if ms, err := strconv.ParseUint(text, 10, 31); err != nil || ms == 0 {
			return nil, fmt.Errorf("the connection string of Postgres says %s=%s; give milliseconds", callParameter, text)
		}
	}
	for name, value := range map[string]string{
		"application_name":                    "dendro",
		"statement_timeout":                   milliseconds(statementTimeout),
		"lock_timeout":                        milliseconds(lockTimeout),
		"idle_in_transaction_session_timeout": milliseconds(idleTimeout),
		callParameter:                         milliseconds(callTimeout),
		"random_page_cost":                    "1.1", // no disk turns any more, and the narrowest index is the best
		"jit":                                 "off", // questions are over before it would pay
	} {
		if _, said := params[name]; !said {
			params[name] = value
		}
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	if !strings.Contains(dsn, "pool_max_conns") {
		config.MaxConns = maxConns
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("no answer from Postgres: %w; check the connection string, and that the server runs", explain(err))
	}
	return pool, nil
}

func milliseconds(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }
