// Package httpapi serves the HTTP API v1 (schemas/openapi.yaml): the wire
// contract of the Open-Assistant backend, and what Dendro adds to it.
//
// The life of a request: the frame (observe, limits) gives it an id, counts it
// and bounds it; its route says who may call (access); parameters and body are
// read with every mistake collected (input, body), so that a bad request hears
// all of what is wrong at once; the handler turns it into commands for the
// engine, or asks the views; a refusal of the engine becomes a status and a
// code (failure). A write is answered when it is durable and the views have it
// (fresh), so that whoever wrote sees it.
//
// Names, logins and keys come from the directory and never reach an event;
// texts, names and keys never reach a log line.
package httpapi
