// Package audit explains what became of a message: which of its tree's events
// concern it (Concern), and why it is in a dataset or out of it (Reasoning).
//
// Both read a tree's stream from its first event on, in order, and are pure:
// they can be asked of a log as of any cut.
package audit
