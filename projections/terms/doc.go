// Package terms says how a text becomes what searches find it by.
//
// A search finds the messages that have all its terms, where search and text
// are read by the rules of the message's own language: the way of a word, in
// both of them, is [Analyzer]'s.
//
//  1. A run of letters, marks and numbers is cut out of the text. Characters
//     that only say how it is shown (soft hyphens, joiners, directions) do not
//     end it, and are dropped.
//  2. The run is written in compatibility normal form (NFKC) and without regard
//     to case, by Unicode's full case folding; in Turkish with its own two
//     letters i. What then is no letter, mark or number ends a word too.
//  3. It is divided where its script begins or ends to put spaces between words.
//     A part with spaces around it is one word, and its term is the word's stem,
//     where the language has a stemmer, or the word itself.
//  4. A part of a script without spaces gives each character, each pair of
//     neighbours and, where the script is an alphabet (Thai, Lao, Khmer,
//     Burmese), each three of them. Searches ask for the longest of these only:
//     whoever has them has the shorter ones. Hangul counts among these scripts:
//     it has spaces, but puts its particles behind words without one.
//
// Punctuation always ends a word, unlike in Unicode's own segmentation (UAX 29):
// so "example" finds "example.com", "path" finds "os.path" and "histoire" finds
// "l'histoire", and what a run gives does not depend on its neighbours.
//
// Both stores of views keep what this package makes. Whoever changes it raises
// the revision of the fold of conversations, so that they are built anew.
package terms
