// Package contributors is the view of accounts: their standing, and which of
// them belong to one person.
//
// An account's row begins with contributor.registered and follows what its own
// stream says. Mergers are kept as they were said, one account into another;
// chains and circles of them are resolved when somebody asks for an Owner,
// because the streams of merged accounts may be in any partition.
//
// Who an account is in the world is not known here: that is the directory's
// (design §9).
package contributors
