// Package contributors is the view of accounts: their standing, and which belong together.
package contributors
