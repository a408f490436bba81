// Package boards is the view behind leaderboard and trollboard: single deeds,
// each with its time, so that any frame can be counted at any moment
// (spec: collection §10).
//
// The life of a deed: the [Fold] keeps of each tree who wrote, labelled, ranked
// and flagged what, and puts a row for every deed that counts; when a message
// is deleted, rejected or restored, or votes are discounted, the rows that
// hang on it go or come back. A store counts rows per account within a frame
// ([Reader]). [Leaderboard] and [Trollboard] merge accounts into their owners,
// score and rank them. Each step is exact at every position of the log.
//
// # What counts, since when, and for whom
//
//   - A message counts for its author while it is undeleted, and once more while it is accepted too: both since it was posted.
//   - A review counts for the reviewer, as simple or full by what its task asked; a ranking counts for the ranker, the verdict "not
//     rankable" too. Both stay whatever becomes of what was judged: spam is deleted because somebody read it. Free labels earn nothing.
//   - A ranking is good while the newest consensus holds it and agrees with it (Kendall's τ ≥ ½), and its ranker's votes count in
//     the tree. A parent whose replies got no rank has no consensus.
//   - The first three places of a ranking count for the authors of the replies there, since the ranking, while the reply is undeleted
//     and not rejected and the ranker's votes count in the tree.
//   - Red flags, votes and label sets (reviews, and the newest free set of each labeller) count against an author while the message
//     is undeleted; label sets also only while the labeller's votes count in the tree. An edit takes nothing of it back: it was said
//     of what the author wrote.
//   - A prompt is spam while its tree is aborted as low grade, since the abort, and it is undeleted.
//
// Imported messages earn their authors nothing, good or bad: that work was
// done elsewhere. What is done to them here counts for who did it.
package boards
