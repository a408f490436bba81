// Package dataset reads the content of a dataset off the events of a log
// (spec: dataset §§1–3).
//
// The life of a message here: a [Fold] takes the recorded events, in order
// within a partition, and keeps per tree what is known of its messages, with
// every label set and reaction that may still count. [Read] joins the folds of
// all partitions under a [Recipe]: it decides which messages are in, whose they
// are and in which order they stand. [Dataset.Write] gives the canonical JSON
// Lines, one by one.
//
// The fold shares no code with the aggregates. It is a second, independent
// reading of the same facts, so that a mistake in one shows up against the
// other.
//
// Published files come back through [ReadRows], in the shape written here and
// in the one of the Hugging Face datasets; [Compare] holds two rows against
// each other.
package dataset
