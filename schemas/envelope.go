package schemas

import "dendro/domain"

// CheckEnvelope tells what of an envelope AppendRecord would refuse. A log that
// keeps events in another form than records calls it, so that all logs take the
// same events and the hashes over their records (Root) agree.
func CheckEnvelope(r domain.Recorded) error { return checkEnvelope(&r) }
