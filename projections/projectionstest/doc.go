// Package projectionstest helps to test folds: histories written by hand, and
// the rows that a fold makes of them. Only tests import it.
package projectionstest
