// Package audit explains what became of a message: which of its tree's events
// concern it (Concern), why it is in a dataset or out of it (Reasoning), and how
// the replies to it were ranked, and would be under another rule (Rankings).
//
// All read a tree's stream from its first event on, in order, and are pure: they
// can be asked of a log as of any cut.
package audit
