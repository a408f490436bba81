package httpapi

var auditRoutes = []Route{
	get("/audit/messages/{message_id}", trusted, auditMessage),
	get("/audit/users/{user_id}", trusted, auditUser),
	get("/audit/trees/{tree_id}", trusted, auditTree),
	get("/audit/moderators/{moderator_id}", trusted, auditModerator),
	get("/events", trusted, streamEvents),
}

func auditMessage(*call) (reply, error)   { return reply{}, errNoMessage }
func auditUser(*call) (reply, error)      { return reply{}, errNoUser }
func auditTree(*call) (reply, error)      { return reply{}, errNoMessage }
func auditModerator(*call) (reply, error) { return reply{}, errNoUser }
