// Package reactions lets follow what an event asks for beyond its partition: in
// other partitions, and in the world outside. Its handlers run on a Watermill
// Router, over the embedded log or over Kafka alike.
//
// The life of a message: an event becomes a message, its envelope as ce_…
// metadata and its payload as stored (message.go). LogSubscriber makes them
// from a domain.Log and keeps each handler's position (subscriber.go,
// positions.go); on Kafka the topic's records are such messages already, and a
// consumer group keeps the position (kafka.go). The router hands a message to
// its handler, a partition's in the order of the log, and through a chain
// (chain.go): tries are bounded in time and number, with a growing wait between
// them; what fails for good goes to the poison store (poison.go) and is passed
// over; what only meets a busy engine is never given up, but delivered again.
//
// Handlers are told at least once and must not mind: the id of every command is
// derived from an event, and so the engine does it once. Those that follow a
// standing or a policy ask the engine what is to be done as of now, which is what
// its own reactor would do, under the same ids: however late or often they are
// told, by one of them or both, the newest word holds and nothing is done twice.
//
//	policy       campaign.configured, pool.opened: the policy reaches the pools
//	standing     contributor.disabled, .enabled, .erased: prompts are halted, votes
//	             discounted or reinstated
//	withdrawal   contributor.erased: all that they wrote is deleted
//	webhook      message.reported: a signed POST tells another system
//	classifier   message.posted, .edited: a service scores the text
//
// Deletion and erasure are two acts (spec: collection §11): who wants their
// messages gone has that done by a moderator's bulk act, which is complete when
// it is answered; erasing makes the contributor nobody's, and leaves the
// messages. A campaign that owes more to whom it erases turns withdrawal on:
// then erasing is asking for deletion too, and nothing else is.
package reactions
