// Package kafka keeps a log in a topic of Apache Kafka, for any number of
// processes at a time.
//
// The life of an append:
//
//  1. Writer.Append, in its caller's goroutine, checks that the events continue
//     the partition, and encodes them as one record batch (batcher): a record
//     for each event, CloudEvents in binary mode (appender), all compressed
//     together. What does not fit one batch is refused: ErrTooLarge.
//  2. It sends the batch to the partition's leader (send): one request, acks from
//     all in-sync replicas, no transaction. Kafka takes a batch whole or not at
//     all. The batch carries the producer id and epoch of the owner's claim, and
//     a sequence number.
//  3. The leader refuses a batch of an older epoch than the newest it has seen:
//     ErrFenced. A batch that it has already, by its sequence number, it does not
//     store again, but gives its offset. So a lost answer, a timeout or a broken
//     connection is answered by sending the same bytes again.
//  4. The answer is the offset: it must be the first event's seq - 1. Without an
//     answer until Options.Patience is over: ErrUnknown when some try may have
//     reached a leader, ErrOverloaded when none has. An append that was fenced
//     after a try of unknown outcome is looked up (settle).
//
// # Taking over
//
// Own asks the coordinator for the next epoch of the partition's producer id
// (nextEpoch), reads the newest event, and appends Claimed as the first batch of
// that epoch. From this batch on the leader refuses the owners before; and so do
// later leaders and restarted ones, for they learn epochs from the batches. No
// payload names producer id and epoch: each batch does.
//
// Until its claim stands the owner before may still write, and then the claim
// comes to stand behind where it meant to. Its seq, epoch, version and time are
// those that follow from the event before it (late): for every reader the same
// ones. All other events stand where they say.
//
// # Reading
//
// Offset n is seq n + 1. Readers check of each batch its checksum, and that it is
// of the partition's owner and goes on where the batch before stopped (chain); of
// each event its place, epoch and time. Whatever else is there, a foreign record
// or a batch that an older owner got in behind a newer one's claim, is never
// handed on and never passed over, as it takes up a seq: *domain.Damage.
// Versions of streams are left to those who fold them.
//
// # What brokers forget
//
// A leader forgets a producer some time after the timestamp of its last batch
// (producer.id.expiration.ms, a day), the coordinator some time after it was last
// asked (transactional.id.expiration.ms, a week), and then gives another id; so
// it does after 32,767 epochs. What was forgotten fences nobody. Therefore:
//
//   - A claim is good for half of the shorter time. After that Append writes
//     nothing and answers ErrUnknown: own again, which makes a new claim.
//   - Who is given another id than the last claim's waits until that claim's owner
//     must have stopped (outlast).
//
// Timestamps are event times. When those are older than brokers remember, as in a
// copy of an old log, a leader may forget its writer at any moment. Then batches
// are not sent twice, and a second writer is found out by readers, not fenced:
// see to it that there is one.
//
// # Topics
//
//	NAME           the events: a partition of the log in each of its partitions
//	NAME.identity  the log's id and number of partitions, in its first record
//
// Open refuses topics with settings under which they could lose events (rules).
package kafka
