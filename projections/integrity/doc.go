// Package integrity reads a log from its beginning and names the first event
// that cannot be right: the logical half of `dendro log verify`, beside the
// checksums of the stored bytes.
//
// It is a second reading of the rules (spec: collection §§4–9, 11), written
// without the aggregates, so that a mistake in them does not hide itself. It
// holds what must be true of any history, whatever the policy: dense numbers,
// one owner at a time, each stream in its place, references that lead
// somewhere, each task answered by whom it was given to, legal moves of state,
// draws within their limit, consensus orders that follow from their ballots.
// It does not repeat decisions: which task was offered, or whether the score
// of a message was enough, is not its business.
//
// An event's way through a Check: envelope (numbers, epoch, time, id), stream
// (name, place, version), then the rules of its aggregate. Nothing is ever
// forgotten, so memory grows with the log: some 100 bytes for an event and
// more for a message.
package integrity
