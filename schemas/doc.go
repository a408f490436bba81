// Package schemas is the storage format: how an event becomes bytes, and how
// bytes of any age become an event again.
//
// The life of a payload: an aggregate's file (tree.go, pool.go, …) lists the
// members of each event once, in their order, under literal keys; both
// directions follow that list (wire). The list is the current version's.
// Bytes of an older version first pass through the upcasters of their type,
// raw to raw and version by version (catalogue), and are then read as current
// ones; what is stored is never rewritten. An unknown type or version is an
// error, never a skip.
//
// Payloads are canonical JSON: an event has exactly one text. Members stand in
// the listed order without white space, and those marked optional are left out
// when they are empty, zero or false; strings escape only what RFC 8785
// §3.2.2.2 says and must be valid UTF-8; whole numbers and decimals have no
// needless digits; times are RFC 3339 in UTC with six decimals; ids are
// lower-case UUIDs. Readers refuse any other text, so an event read and
// written again gives the same bytes, and hashes over records (Root) hold.
//
// To change the members of an event: give its kind the next version (of), list
// the new members, add the upcaster that leads there from the version before
// to the catalogue, and the schema file to events/; then run the golden test
// with -update, which adds what is new and changes nothing.
//
// events/ has a JSON Schema (draft 2020-12) for every type and version: it
// explains the members to consumers, and Validate holds payloads to it.
package schemas
