package postgres

import "errors"

// errSilent says that a call was given up.
var errSilent = errors.New("no answer")

// advice is what whoever runs the database can do, by SQLSTATE.
var advice = map[string]string{
	"53100":       "the server's disk is full: make room on it",
	"53200":       "the server is out of memory: lower its work_mem or shared_buffers, or give it more",
	"53300":       "all connections of the server are taken: raise its max_connections, or lower pool_max_conns in the connection strings of its clients",
	lockedState:   "somebody else held a lock for too long: look into pg_stat_activity for the transaction that stays open, and end it",
	"57014":       "the server ended it: see statement_timeout in the connection string, and whether the tables are analyzed",
	"57P03":       "the server starts, or stops: look into its log if that lasts",
	"42501":       "the user of the connection string lacks a right: let it own the database",
	readOnlyState: "the server is a standby: name all hosts in the connection string, with target_session_attrs=read-write",
}

// explained is an error with what can be done about it.
type explained struct {
	error
	do string
}

func (e *explained) Error() string { return e.error.Error() + "; " + e.do }
func (e *explained) Unwrap() error { return e.error }

// explain adds to an error what can be done about it, once.
func explain(err error) error {
	var already *explained
	if err == nil || errors.As(err, &already) {
		return err
	}
	do := advice[state(err)]
	if errors.Is(err, errSilent) {
		do = "the network or the server is silent, or others hold all connections of this process (pool_max_conns in the connection string)"
	}
	if do == "" {
		return err
	}
	return &explained{err, do}
}
