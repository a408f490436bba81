package httpapi

func streamEvents(c *call) (reply, error) { return reply{}, errForbidden }
