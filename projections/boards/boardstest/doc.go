// Package boardstest makes histories of campaigns in which deeds come, go and
// come back, and counts them again the plain way: by looking at all events for
// every one of them. Used by tests only.
package boardstest
