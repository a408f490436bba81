// Package locator is the view by which a submission finds its stream: it comes
// under a task's id, or under the id that a frontend bound to a task, and the
// view says in which tree that task is (design §6).
//
// The life of a task here: it is there from its assignment, learns its
// frontend's id when it is acknowledged, is over when it is done, declined or
// closed, and is forgotten a day after it expired. What is known at any moment
// is therefore bounded by the tasks given out in the last days, not by the
// log.
package locator
