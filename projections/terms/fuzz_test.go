package terms_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"dendro/projections/terms"
)

// Whatever a text is, it has the same terms each time, they are bounded, and it
// is found by each of its words, by its beginning and by itself.
func FuzzTerms(f *testing.F) {
	for i, text := range []string{
		"A tree grows, don't they?", "Straße ÄRGER", "l’histoire", "İstanbul ISI", "二分查找 ﾌﾞﾗｯｸﾎｰﾙ 고양이를", "หลุมดำ ខ្ញុំ", "कर्म தமிழ்நாட்டில் والكتابات",
		"\u0301\u200d\ufe0f a\u00adb \ufdfa ½", "\xff\x00\xf0\x9f", strings.Repeat("\u0301", 99) + "x", strings.Repeat("ﷺ", 9), "ᾳ\u0313ŉ ǰ",
	} {
		f.Add(uint8(i), text)
	}
	var remembers terms.Analyzer
	f.Fuzz(func(t *testing.T, language uint8, text string) {
		by := terms.Stemmer(language) % terms.Stemmers
		have := slices.Clone(remembers.Terms(by, text))
		var fresh terms.Analyzer
		if again := fresh.Terms(by, text); !slices.Equal(again, have) {
			t.Fatalf("%q has the terms %q, and then %q", text, have, again)
		}
		set := map[string]bool{}
		for _, term := range have {
			if term == "" || len(term) > terms.MaxTermBytes || set[term] || !utf8.ValidString(term) || strings.ContainsAny(term, "'\\\x00 ") {
				t.Fatalf("%q has the term %q", text, term)
			}
			set[term] = true
		}
		if len(have) == terms.MaxTextTerms {
			return
		}
		for _, search := range append(strings.Fields(text), text) {
			for _, asked := range fresh.Search(by, search) {
				if !set[asked] {
					t.Fatalf("%q is looked for by %q, and has only %q", text, asked, have)
				}
			}
		}
	})
}

// A run of spaceless script gives the terms of any part of it.
func FuzzParts(f *testing.F) {
	f.Add("二分查找", uint8(1), uint8(2))
	f.Add("หลุมดำ", uint8(0), uint8(3))
	f.Fuzz(func(t *testing.T, text string, from, to uint8) {
		var runes []rune
		for _, r := range text {
			if '\u4e00' <= r && r < '\u9fff' || 'ก' <= r && r <= 'ฮ' {
				runes = append(runes, r)
			}
		}
		a, b := min(int(from), len(runes)), min(int(to), len(runes))
		if part := string(runes[min(a, b):max(a, b)]); !finds("zh", part, string(runes)) {
			t.Errorf("%q does not find %q", part, string(runes))
		}
	})
}

func BenchmarkTerms(b *testing.B) {
	for name, c := range map[string]struct{ language, text string }{
		"en":             {"en", "Most people need about seven days before sourdough bread feels natural; ask somebody who has done it for years."},
		"ru":             {"ru", "Запиши, чего ты ждёшь, и сравни в конце; для темы «выращивание помидоров» это особенно полезно."},
		"zh":             {"zh", "首先要看清楚地图的历史,因为其余的都取决于它。大多数人需要七天左右才能习惯。"},
		"th":             {"th", "จดสิ่งที่คาดหวังจากการปลูกมะเขือเทศ แล้วเทียบดูตอนท้าย"},
		"hostile marks":  {"en", "a" + strings.Repeat("\u0301", 500_000)},
		"hostile word":   {"en", strings.Repeat("ß", 500_000)},
		"hostile long":   {"ar", strings.Repeat("ﷺ", 300_000)},
		"hostile triple": {"th", strings.Repeat("กขฃคฅฆงจ", 40_000)},
	} {
		b.Run(name, func(b *testing.B) {
			var a terms.Analyzer
			by := terms.StemmerOf(c.language)
			for b.Loop() {
				a.Terms(by, c.text)
			}
			b.SetBytes(int64(len(c.text)))
		})
	}
}
