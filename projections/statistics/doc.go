// Package statistics is the view of the campaign's counts.
package statistics
