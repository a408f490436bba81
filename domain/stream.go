package domain

import (
	"fmt"
	"strconv"
	"strings"
)

// StreamID names one aggregate instance: tree/<uuid>, pool/<language>/<bucket>,
// contributor/<uuid>, campaign, or, for the log's own bookkeeping,
// partition/<n>.
type StreamID string

// StreamKind is the part of a StreamID that tells the aggregate.
type StreamKind string

// The kinds of stream.
const (
	KindTree        StreamKind = "tree"
	KindPool        StreamKind = "pool"
	KindContributor StreamKind = "contributor"
	KindCampaign    StreamKind = "campaign"
	KindPartition   StreamKind = "partition"
)

// CampaignStream is the one stream of the campaign.
const CampaignStream = StreamID(KindCampaign)

// TreeStream names a tree's stream.
func TreeStream(id TreeID) StreamID { return StreamID("tree/" + id.String()) }

// ContributorStream names a contributor's stream.
func ContributorStream(id ContributorID) StreamID { return StreamID("contributor/" + id.String()) }

// PartitionStream names the bookkeeping stream of a partition.
func PartitionStream(p Partition) StreamID { return StreamID("partition/" + strconv.Itoa(int(p))) }

// Kind gives the aggregate's kind; the text before the first slash.
func (s StreamID) Kind() StreamKind {
	kind, _, _ := strings.Cut(string(s), "/")
	return StreamKind(kind)
}

// Tree gives the id of a tree's stream.
func (s StreamID) Tree() (TreeID, bool) { return streamUUID[treeKind](s, KindTree) }

// Contributor gives the id of a contributor's stream.
func (s StreamID) Contributor() (ContributorID, bool) {
	return streamUUID[contributorKind](s, KindContributor)
}

func streamUUID[K any](s StreamID, kind StreamKind) (ID[K], bool) {
	rest, ok := strings.CutPrefix(string(s), string(kind)+"/")
	if !ok {
		return ID[K]{}, false
	}
	id, err := ParseID(rest)
	return id, err == nil
}

// Pool gives the pool of a pool's stream.
func (s StreamID) Pool() (PoolID, bool) {
	rest, ok := strings.CutPrefix(string(s), "pool/")
	if !ok {
		return PoolID{}, false
	}
	lang, bucket, ok := strings.Cut(rest, "/")
	n, err := strconv.Atoi(bucket)
	if !ok || err != nil || n < 0 || lang == "" {
		return PoolID{}, false
	}
	return PoolID{Language: lang, Bucket: n}, true
}

// Validate tells what is wrong with the form of the stream's name.
func (s StreamID) Validate() error {
	ok := false
	switch s.Kind() {
	case KindTree:
		_, ok = s.Tree()
	case KindContributor:
		_, ok = s.Contributor()
	case KindPool:
		_, ok = s.Pool()
	case KindCampaign:
		ok = s == CampaignStream
	case KindPartition:
		rest, found := strings.CutPrefix(string(s), "partition/")
		n, err := strconv.Atoi(rest)
		ok = found && err == nil && n >= 0
	}
	if !ok {
		return fmt.Errorf("%q is not the name of a stream", clip([]byte(s)))
	}
	return nil
}

// PoolID names the work of one language, or one bucket of it. Language is a
// BCP 47 tag in the form in which the campaign first met it.
type PoolID struct {
	Language string
	Bucket   int
}

// Stream names the pool's stream, which is also the key that places it.
func (p PoolID) Stream() StreamID {
	return StreamID("pool/" + p.Language + "/" + strconv.Itoa(p.Bucket))
}
