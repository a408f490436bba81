// Package postgres keeps in Postgres what several processes share: the directory
// of people and clients, and the views. Open makes the pool of connections that
// both use, Migrate the tables (migrations/).
//
// The life of a commit of the views:
//
//  1. Store.Commit sorts the changes by tables and keeps the last one of every
//     key (gathering). Each table becomes one statement that puts rows, and one
//     that takes rows away; the rows are its arguments, an array per column, in
//     Postgres' binary format (column).
//  2. All statements go to the server at once, in one transaction. The first one
//     moves the cut (views.advance): it locks the cut's row, so that there is one
//     committer at a time, and ends the transaction when the cut is not where the
//     changes continue.
//  3. If the answer is lost, the same commit is sent again under its own id, and
//     the cut's row tells whether it was made. Nothing is ever applied in part, or
//     twice.
//  4. Those who await the cut are woken (watch), in other processes a moment later.
//
// A rebuild (workshop) makes tables like the live ones in a schema of its own,
// fills them by COPY with what fresh folds make of the log, applies what was
// committed meanwhile, and drops the live tables in favour of the new ones while
// the cut is locked (swap). A comparison (Verify) is a rebuild that looks instead
// of swapping. The database notes by which revision of its rules each view was
// made (rules): a commit by others is refused.
//
// A question of a reader is one statement, and walks along an index, from the
// place where the page before ended. Rows are read as they are written, column by
// column.
//
// What fails in passing is tried again for about ten seconds (attempt): lost
// connections, a server that starts again or that another one took over from,
// serialization failures. Everything else is reported, a full disk too, with what
// can be done about it (explain); projections.Keeper tries that again as well.
// The cut alone says what is there: after a failover it may have gone back, and
// who awaits it asks anew (watch).
package postgres
