package httpapi

var campaignRoutes = []Route{
	get("/campaign", keyed, getCampaign),
	put("/campaign", trusted, putCampaign),
}

func getCampaign(*call) (reply, error) { return reply{}, errForbidden }
func putCampaign(*call) (reply, error) { return reply{}, errForbidden }
