// Package datasettest makes histories of campaigns for tests and benchmarks of
// datasets: event by event what the aggregates could have written, with the
// rare things (edits, restorations, discounted votes, merged accounts) made
// as common as a test wants them. Used by tests only.
package datasettest
