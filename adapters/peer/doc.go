// Package peer carries commands and questions between the nodes of a cluster,
// over HTTP.
//
// The life of a command that another node owns: the engine's commands.Peers is
// the Client. It looks the owner up (Directory), writes the command as JSON
// under the name of its kind (kinds, a closed table), seals the request with
// the cluster's secret, and posts it. The owner's Handler checks the seal
// before it reads the body, lets its engine run the command there and nowhere
// else, and seals the outcome: the events as the log stores them, or the error,
// so that the client gives what the engine would have given (failure). What
// comes back without a seal is no answer: then it is not known what was done
// (domain.ErrUnknown), and the engine sends the command again, under its id.
//
// The seal tells nodes from strangers, both ways, and binds an answer to its
// request. It hides nothing: between machines that do not trust their network,
// use https addresses.
package peer
