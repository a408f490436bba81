package adaptertest

import (
	"fmt"
	"strings"
	"time"

	"dendro/domain"
	"dendro/projections/conversations"
	"dendro/projections/terms"
)

// searches has texts whose answers can be read here.
func (s *storeSuite) searches() {
	texts := []struct{ language, text string }{
		{"en", "The runner was running"}, {"de", "Der Runner rennt, es heißt running"}, {"en-GB", "a RUN"},
		{"fr", "l’histoire des cartes"}, {"zh", "二分查找和黑洞"}, {"ja", "黒い本"}, {"th", "หลุมดำ"}, {"", "running"}, {"xx", "runs"},
	}
	var rows []*conversations.Message
	for i, c := range texts {
		rows = append(rows, &conversations.Message{
			ID: domain.MessageID{byte(i + 1)}, Created: storeEra.Add(time.Duration(i) * time.Second), Language: c.language, Text: c.text,
		})
		s.put(rows[i])
	}
	look := func(language, search string, want ...int) {
		s.Helper()
		var found []*conversations.Message
		for _, i := range want {
			found = append(found, rows[i])
		}
		q := conversations.Query{Language: language, Search: search, Max: 20}
		answer(s.store.Messages(s.ctx, q)).is(s, fmt.Sprintf("%q in %q", search, language), found)
	}
	look("", "running", 0, 1, 2, 7) // in each language by its own rules
	look("", "run", 0, 2)
	look("EN", "runs", 0)
	look("en-gb", "runs", 2)
	look("xx", "run")
	look("xx", "runs", 8)
	look("", "carte histoire", 3)
	look("", "查找", 4)
	look("", "二查")
	look("", "黑", 4)
	look("", "本", 5)
	look("", "หลุม", 6)
	look("", "nowhere")
	look("", "…", 0, 1, 2, 3, 4, 5, 6, 7, 8)

	edited := *rows[0]
	edited.Text = "She walks"
	rows[0] = &edited
	s.put(&edited)
	look("", "running", 1, 2, 7)
	look("", "walking", 0)

	var long strings.Builder
	for i := range terms.MaxTextTerms + 1 {
		fmt.Fprintf(&long, "%0*d ", terms.MaxTermBytes, i)
	}
	full := *rows[7]
	full.Text = long.String()
	rows[7] = &full
	s.put(&full)
	look("", fmt.Sprintf("%0*d", terms.MaxTermBytes, terms.MaxTextTerms-1), 7)
	look("", fmt.Sprintf("%0*d", terms.MaxTermBytes, terms.MaxTextTerms)) // behind the bound
}

// commonWords has words that many messages have, alone and in pairs that few
// have.
func (s *storeSuite) commonWords() {
	shelf := newShelf(s, 100_000)
	const many = 5000 // so that each word is in more than one stride of a store that walks
	for i := range many {
		m := shelf.message()
		m.Text = oneOf(s.dice, "apples", "pears", "apples", "pears", "apples", "pears", "apples", "pears", "apple and pears")
		if i > 5 && strings.Contains(m.Text, "and") {
			m.Text = "plums"
		}
		shelf.rows[m.ID] = m
	}
	shelf.commitAll()
	for _, desc := range []bool{false, true} {
		for _, language := range []string{"", "en"} {
			for _, search := range []string{"apple", "pear apples", "plums"} {
				for _, most := range []int{1, many} {
					shelf.compare(conversations.Query{Search: search, Language: language, Desc: desc, Max: most})
					shelf.compare(conversations.Query{Search: search, Language: language, Desc: desc, Max: most, After: shelf.key(), Roots: true})
				}
			}
		}
	}
}
