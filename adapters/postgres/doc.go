// Package postgres keeps in Postgres what several processes share: the directory
// of people and clients, and the views.
//
// Open makes the pool of connections that both use, Migrate the tables.
package postgres
