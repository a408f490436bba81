package crowd

// vocabulary holds our own phrases, by language.
var vocabulary = map[string]*phrases{
	"en": &english, "es": &spanish, "de": &german, "fr": &french, "pt-BR": &portuguese, "ca": &catalan, "it": &italian,
	"ru": &russian, "uk-UA": &ukrainian, "zh": &chinese, "ja": &japanese, "th": &thai,
}

var english = phrases{
	join:    " ",
	asks:    []string{"How do I get started with %s?", "Can you explain %s to a beginner?", "What should everybody know about %s?", "Write a short guide to %s.", "Why do people disagree about %s?", "Compare two ways to go about %s."},
	details: []string{"I have %d days.", "It is for a group of %d people.", "Please keep it under %d lines.", "My budget is %d euros.", "Use an example with the number %d."},
	follows: []string{"Thanks. And what about %s?", "Could you say more about %s?", "I do not follow yet; does this hold for %s too?", "What is the most common mistake with %s?"},
	claims:  []string{"The first thing to look at is %s, because the rest depends on it.", "Most people need about %d days before %s feels natural.", "A good rule is to write down what you expect from %s, and to compare it afterwards.", "If something goes wrong with %s, go one step back and change only one thing.", "There are at least %d ways to do this, and none of them is right for everyone.", "With %s it pays to begin small.", "Ask somebody who has done %s for years; they will tell you what no book does.", "In short, take your time with %s and check the result."},
	spams:   []string{"BUY CHEAP %s NOW!!! code SAVE%d at best-shop-%d dot example", "Earn %d dollars a day with %s, click here, no questions asked", "%s %s %s the best offer, only %d left"},
	rude:    []string{"Only an idiot asks about %s.", "Nobody cares about %s, go away.", "This is garbage, like everything about %s."},
	topics:  []string{"growing tomatoes", "binary search", "sourdough bread", "the history of maps", "learning the guitar", "bicycle brakes", "household budgets", "black holes", "unit tests", "sleeping well", "chess openings", "bird watching"},
}

var spanish = phrases{
	join:    " ",
	asks:    []string{"¿Cómo empiezo con %s?", "¿Puedes explicarme %s desde cero?", "¿Qué conviene saber sobre %s?", "Escribe una guía breve sobre %s.", "¿Por qué hay tanta discusión sobre %s?"},
	details: []string{"Tengo %d días.", "Es para un grupo de %d personas.", "En menos de %d líneas, por favor.", "Mi presupuesto es de %d euros."},
	follows: []string{"Gracias. ¿Y qué pasa con %s?", "¿Puedes contar algo más sobre %s?", "No lo entiendo del todo, ¿vale también para %s?"},
	claims:  []string{"Lo primero es mirar bien %s, porque todo lo demás depende de eso.", "Casi todo el mundo necesita unos %d días para sentirse seguro con %s.", "Conviene anotar lo que esperas de %s y compararlo después.", "Si algo falla, vuelve un paso atrás y cambia una sola cosa.", "Hay por lo menos %d maneras de hacerlo, y ninguna sirve para todos.", "Con %s es mejor empezar por algo pequeño.", "Pregunta a alguien que lleve años con %s: sabe cosas que no salen en los libros."},
	spams:   []string{"¡¡OFERTA %s!! código AHORRO%d en tienda-%d punto example", "Gana %d euros al día con %s, pulsa aquí", "%s %s %s, últimas %d unidades"},
	rude:    []string{"Hay que ser tonto para preguntar por %s.", "A nadie le importa %s.", "Qué basura, como todo lo de %s."},
	topics:  []string{"el cultivo de tomates", "la búsqueda binaria", "el pan de masa madre", "la historia de los mapas", "la guitarra", "los frenos de la bicicleta", "el presupuesto de casa", "los agujeros negros", "las pruebas de software", "el buen dormir"},
}

var german = phrases{
	join:    " ",
	asks:    []string{"Wie fange ich mit dem Thema %s an?", "Erkläre mir bitte das Thema %s von Grund auf.", "Was sollte man zum Thema %s wissen?", "Schreibe eine kurze Anleitung zum Thema %s."},
	details: []string{"Ich habe %d Tage Zeit.", "Es ist für eine Gruppe von %d Leuten.", "Bitte in weniger als %d Zeilen.", "Mein Budget sind %d Euro."},
	follows: []string{"Danke. Und wie ist es beim Thema %s?", "Kannst du mehr zum Thema %s sagen?", "Das verstehe ich noch nicht; gilt es auch beim Thema %s?"},
	claims:  []string{"Zuerst lohnt ein Blick auf das Thema %s, denn davon hängt das Übrige ab.", "Die meisten brauchen etwa %d Tage, bis es leicht von der Hand geht.", "Am besten schreibst du auf, was du erwartest, und vergleichst es danach.", "Wenn etwas schiefgeht, geh einen Schritt zurück und ändere nur eine Sache.", "Es gibt mindestens %d Wege, und keiner passt für alle.", "Beim Thema %s beginnt man besser im Kleinen.", "Frag jemanden, der das seit Jahren macht; das steht in keinem Buch zum Thema %s."},
	spams:   []string{"JETZT BILLIG: %s!!! Code SPAR%d auf laden-%d punkt example", "Verdiene %d Euro am Tag mit %s, hier klicken", "%s %s %s, nur noch %d Stück"},
	rude:    []string{"Wer nach %s fragt, ist selber schuld.", "%s interessiert keinen, verschwinde.", "Das ist Müll, wie alles zum Thema %s."},
	topics:  []string{"Tomatenanbau", "Binärsuche", "Sauerteigbrot", "Geschichte der Landkarten", "Gitarrespielen", "Fahrradbremsen", "Haushaltsplan", "Schwarze Löcher", "Softwaretests", "guter Schlaf"},
}

var french = phrases{
	join:    " ",
	asks:    []string{"Comment débuter avec %s ?", "Peux-tu m'expliquer %s simplement ?", "Que faut-il savoir sur %s ?", "Écris un petit guide sur %s."},
	details: []string{"J'ai %d jours devant moi.", "C'est pour un groupe de %d personnes.", "En moins de %d lignes, s'il te plaît.", "Mon budget est de %d euros."},
	follows: []string{"Merci. Et pour %s ?", "Peux-tu en dire plus sur %s ?", "Je ne comprends pas encore ; est-ce vrai aussi pour %s ?"},
	claims:  []string{"Il faut d'abord regarder %s, car le reste en dépend.", "La plupart des gens mettent environ %d jours à s'y habituer.", "Note ce que tu attends, puis compare à la fin ; avec %s c'est très utile.", "Si quelque chose rate, reviens d'un pas et ne change qu'une seule chose.", "Il existe au moins %d façons de faire, et aucune ne convient à tous.", "Pour %s, mieux vaut commencer petit.", "Demande à quelqu'un qui connaît %s depuis des années."},
	spams:   []string{"PROMO %s !!! code PROMO%d sur boutique-%d point example", "Gagnez %d euros par jour avec %s, cliquez ici", "%s %s %s, plus que %d pièces"},
	rude:    []string{"Il faut être bête pour demander ça sur %s.", "Tout le monde se moque de %s.", "C'est nul, comme tout ce qu'on dit sur %s."},
	topics:  []string{"la culture des tomates", "la recherche dichotomique", "le pain au levain", "l'histoire des cartes", "la guitare", "les freins de vélo", "le budget du ménage", "les trous noirs", "les tests logiciels", "le sommeil"},
}

var portuguese = phrases{
	join:    " ",
	asks:    []string{"Como começo com %s?", "Você pode explicar %s do zero?", "O que é bom saber sobre %s?", "Escreva um guia curto sobre %s."},
	details: []string{"Tenho %d dias.", "É para um grupo de %d pessoas.", "Em menos de %d linhas, por favor.", "Meu orçamento é de %d reais."},
	follows: []string{"Obrigado. E quanto a %s?", "Você pode falar mais sobre %s?", "Ainda não entendi; isso vale também para %s?"},
	claims:  []string{"Primeiro olhe bem para %s, porque o resto depende disso.", "Quase todo mundo precisa de uns %d dias para se acostumar.", "Anote o que você espera de %s e compare depois.", "Se algo der errado, volte um passo e mude uma coisa só.", "Há pelo menos %d jeitos de fazer isso, e nenhum serve para todos.", "Com %s é melhor começar pequeno."},
	spams:   []string{"PROMOÇÃO %s!!! cupom OFERTA%d em loja-%d ponto example", "Ganhe %d reais por dia com %s, clique aqui"},
	rude:    []string{"Só um bobo pergunta sobre %s.", "Ninguém liga para %s."},
	topics:  []string{"plantar tomates", "busca binária", "pão de fermentação natural", "a história dos mapas", "tocar violão", "freios de bicicleta", "orçamento doméstico", "buracos negros", "testes de software", "dormir bem"},
}

var catalan = phrases{
	join:    " ",
	asks:    []string{"Com puc començar amb %s?", "Em pots explicar %s des de zero?", "Què cal saber sobre %s?", "Escriu una guia breu sobre %s."},
	details: []string{"Tinc %d dies.", "És per a un grup de %d persones.", "En menys de %d línies, si us plau."},
	follows: []string{"Gràcies. I què passa amb %s?", "Pots dir alguna cosa més sobre %s?"},
	claims:  []string{"Primer cal mirar bé %s, perquè la resta en depèn.", "Gairebé tothom necessita uns %d dies per acostumar-s'hi.", "Apunta què esperes de %s i compara-ho després.", "Si alguna cosa falla, torna un pas enrere i canvia una sola cosa.", "Hi ha com a mínim %d maneres de fer-ho, i cap no serveix per a tothom.", "Amb %s és millor començar per poc."},
	spams:   []string{"OFERTA %s!!! codi ESTALVI%d a botiga-%d punt example", "Guanya %d euros al dia amb %s, clica aquí"},
	rude:    []string{"Només un ruc pregunta sobre %s.", "A ningú li importa %s."},
	topics:  []string{"el cultiu de tomàquets", "la cerca binària", "el pa de massa mare", "la història dels mapes", "la guitarra", "els frens de la bicicleta", "el pressupost de casa", "els forats negres"},
}

var italian = phrases{
	join:    " ",
	asks:    []string{"Come comincio con %s?", "Puoi spiegarmi %s da zero?", "Che cosa bisogna sapere su %s?", "Scrivi una breve guida su %s."},
	details: []string{"Ho %d giorni.", "È per un gruppo di %d persone.", "In meno di %d righe, per favore."},
	follows: []string{"Grazie. E per %s?", "Puoi dire qualcosa di più su %s?"},
	claims:  []string{"Per prima cosa guarda bene %s, perché il resto dipende da lì.", "Quasi tutti hanno bisogno di circa %d giorni per prenderci la mano.", "Scrivi che cosa ti aspetti da %s e confronta alla fine.", "Se qualcosa va storto, torna indietro di un passo e cambia una cosa sola.", "Ci sono almeno %d modi per farlo, e nessuno va bene per tutti.", "Con %s conviene cominciare in piccolo."},
	spams:   []string{"OFFERTA %s!!! codice SCONTO%d su negozio-%d punto example", "Guadagna %d euro al giorno con %s, clicca qui"},
	rude:    []string{"Solo uno sciocco chiede di %s.", "A nessuno importa di %s."},
	topics:  []string{"pomodori sul balcone", "ricerca binaria", "pane a lievitazione naturale", "storia delle mappe", "chitarra", "freni della bicicletta", "bilancio familiare", "buchi neri"},
}
