// Package moderation is the view of the queue of reported messages and of where the history of a thing stands in the log.
package moderation
