package terms_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"dendro/projections/terms"
)

// finds reports whether a text of a language is found by a search.
func finds(language, search, text string) bool {
	var a terms.Analyzer
	by := terms.StemmerOf(language)
	have := slices.Clone(a.Terms(by, text))
	for _, asked := range a.Search(by, search) {
		if !slices.Contains(have, asked) {
			return false
		}
	}
	return true
}

func TestASearchFinds(t *testing.T) {
	for _, c := range []struct{ language, search, text string }{
		{"en", "TREES tree", "A tree grows."},
		{"en", "running", "He runs, and she ran while they run"},
		{"en-GB", "connection", "They connected the cables."},
		{"en", "don’t", "I don't know"}, // whichever apostrophe
		{"en", "don't", "I don’t know"},
		{"en", "path join", "use os.path.join(a, b)"},
		{"en", "example", "see https://example.com/a?b=c"},
		{"en", "café", "cafe\u0301 au lait"},
		{"en", "３", "3 apples"},
		{"en", "file", "the ﬁle"},
		{"en", "1", "½ of it"},
		{"en", "hyphenation", "hyphen\u00adation"},
		{"de", "Häuser", "das Haus am See"},
		{"de", "STRASSE", "die Straße"},
		{"de", "Tomaten", "Eine Tomate."},
		{"fr", "histoire", "l’histoire des cartes"},
		{"fr", "chevaux", "un chevaux-léger"},
		{"fr", "continuellement", "continuelle"},
		{"es", "tomates", "el tomate"},
		{"pt-BR", "orçamentos", "Orçamento doméstico"},
		{"it", "mappe", "la mappa"},
		{"nl", "kaarten", "een kaart"},
		{"sv", "kartor", "kartorna"},
		{"da", "kortene", "kortenes"},
		{"nb", "kartene", "kartenes"},
		{"fi", "talossa", "talo"},
		{"hu", "házakban", "házak"},
		{"ro", "casele", "casa"},
		{"ru", "истории карт", "История карты"},
		{"ru", "Python", "Язык PYTHON"},
		{"tr", "istanbul", "İSTANBUL'da"},
		{"en", "istanbul", "İstanbul"},
		{"tr", "kitaplar", "bir KİTAP"},
		{"ar", "الكتاب", "كتاب"},
		{"el", "ΟΔΟΣ", "οδος"}, // σ and ς are one
		{"uk-UA", "ЇЖАК", "їжак"},
		{"hi", "हिन्दी", "यह हिन्दी है"},
		{"fa", "می\u200cخواهم", "من می\u200cخواهم"},
		{"zh", "搜索", "二分搜索是什么?"},
		{"zh", "二分 iPhone", "iPhone手机和二分查找"},
		{"zh", "黑", "黑洞"},
		{"zh-Hant", "地圖的歷史", "請寫一份地圖的歷史的簡短指南。"},
		{"ja", "ブラックホール", "まずﾌﾞﾗｯｸﾎｰﾙをよく見ることです"},
		{"ja", "食べ", "何を食べますか"},
		{"ko", "고양이", "고양이를 좋아해요"},
		{"th", "หลุมดำ", "ขอบคุณ แล้วเรื่องหลุมดำล่ะ"},
		{"th", "แม", "แมว"},
		{"lo", "ພາສາ", "ຂ້ອຍເວົ້າພາສາລາວ"},
		{"km", "ភាសា", "ខ្ញុំនិយាយភាសាខ្មែរ"},
		{"xx", "word", "a WORD"},
		{"", "word", "a\xffWORD\x00"},
		{"en", "", "anything"},
		{"en", "?!", "anything"},
	} {
		if !finds(c.language, c.search, c.text) {
			t.Errorf("%s: %q does not find %q", c.language, c.search, c.text)
		}
	}
}

func TestASearchDoesNotFind(t *testing.T) {
	for _, c := range []struct{ language, search, text string }{
		{"en", "tree", "street"}, // a part of a word
		{"en", "tree house", "a tree"},
		{"xx", "trees", "a tree"}, // no stemmer
		{"de", "trees", "a tree"}, // another one
		{"tr", "isi", "ISI"},      // its capital of i is İ
		{"zh", "分二", "二分"},
		{"zh", "二查", "二分查找"},
		{"ja", "食ま", "何を食べますか"},
		{"th", "แมว", "แม่ ... มวล"}, // no three letters of it
		{"km", "ភាស", "ភា ស"},
		{"ko", "이양", "고양이를"},
		{"ja", "a", "b"},
	} {
		if finds(c.language, c.search, c.text) {
			t.Errorf("%s: %q finds %q", c.language, c.search, c.text)
		}
	}
}

func TestTerms(t *testing.T) {
	var a terms.Analyzer
	for _, c := range []struct {
		language, text string
		want           []string
	}{
		{"en", "Trees, trees & the C++ tree!", []string{"tree", "the", "c"}},
		{"zh", "二分法", []string{"二", "二分", "分", "分法", "法"}},
		{"th", "แมว", []string{"แ", "แม", "แมว", "ม", "มว", "ว"}},
		{"ja", "3番のTシャツ", []string{"3", "番", "番の", "の", "t", "シ", "シャ", "ャ", "ャツ", "ツ"}},
		{"en", "-_- \u200d \ufe0f", nil},
	} {
		if got := a.Terms(terms.StemmerOf(c.language), c.text); !slices.Equal(got, c.want) {
			t.Errorf("%s: the terms of %q are %q, want %q", c.language, c.text, got, c.want)
		}
	}
}

// A search asks for no more than it must.
func TestSearchesAskForTheLongest(t *testing.T) {
	var a terms.Analyzer
	for search, want := range map[string][]string{
		"二分法 黑": {"二分", "分法", "黑"}, "แมวดง": {"แมว", "มวด", "วดง"}, "แม": {"แม"}, "...": nil, "a A a": {"a"},
	} {
		if got := a.Search(terms.Plain, search); !slices.Equal(got, want) {
			t.Errorf("%q asks for %q, want %q", search, got, want)
		}
	}
}

// Every stemmer is in one arm, and those that read a search alike in the same.
func TestArms(t *testing.T) {
	var a terms.Analyzer
	for search, want := range map[string]int{"2024": 1, "黑洞": 1, "xyzzyq": 1, "  ": 0} {
		if got := a.Arms(search); len(got) != want {
			t.Errorf("%q has arms %v, want %d", search, got, want)
		}
	}
	arms := a.Arms("running карты")
	seen := map[terms.Stemmer][]string{}
	for _, arm := range arms {
		for _, by := range arm.Stemmers {
			if seen[by] != nil {
				t.Errorf("%q is in two arms", by)
			}
			seen[by] = arm.Terms
		}
	}
	for by := range terms.Stemmers {
		want := slices.Sorted(slices.Values(a.Search(by, "running карты")))
		if !slices.Equal(seen[by], want) {
			t.Errorf("%q looks for %q, want %q", by, seen[by], want)
		}
	}
	if in := a.ArmsIn("EN-us", "Running"); len(in) != 1 || !slices.Equal(in[0].Terms, []string{"run"}) {
		t.Errorf("in English it is %v", in)
	}
	if in := a.ArmsIn("en", "!"); in != nil {
		t.Errorf("without a word it is %v", in)
	}
}

func TestStemmersAreNamed(t *testing.T) {
	for by := range terms.Stemmers {
		if got := terms.StemmerOf(by.String()); got != by {
			t.Errorf("%q is %q", by, got)
		}
	}
	for language, want := range map[string]string{"pt-BR": "pt", "NN-no": "no", "nb": "no", "enx": "", "x-en": "", "": ""} {
		if got := terms.StemmerOf(language).String(); got != want {
			t.Errorf("%q has the stemmer %q, want %q", language, got, want)
		}
	}
}

// The bounds hold, whatever a text is, and cut texts and searches alike.
func TestBounds(t *testing.T) {
	var a terms.Analyzer
	var text strings.Builder
	for i := range terms.MaxTextTerms + 9 {
		fmt.Fprint(&text, " w", i)
	}
	if n := len(a.Terms(terms.Plain, text.String())); n != terms.MaxTextTerms {
		t.Errorf("a long text has %d terms, want %d", n, terms.MaxTextTerms)
	}
	if n := len(a.Search(terms.Plain, text.String())); n != terms.MaxSearchTerms {
		t.Errorf("a long search has %d terms, want %d", n, terms.MaxSearchTerms)
	}
	long := strings.Repeat("ж", 1000)
	if !finds("ru", long, "- "+long+"end -") || len(a.Terms(terms.Plain, long)[0]) > terms.MaxTermBytes {
		t.Error("a long word is not cut")
	}
}

// What a database keeps was made with these tables of Unicode: when they change
// here, the fold of conversations needs another revision, so that its rows are
// made anew.
func TestTheTablesOfUnicodeAreThoseOfTheRevision(t *testing.T) {
	if unicode.Version != "15.0.0" || norm.Version != "15.0.0" {
		t.Errorf("Unicode is %s, normal forms are %s: raise the revision of conversations.Fold, and write these versions here", unicode.Version, norm.Version)
	}
}
