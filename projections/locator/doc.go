// Package locator is the view that says which task a frontend's id, or a task's own, means (design §6).
package locator
