"""Questions of two steps, ends, circles and clauses: what each clause asks is told, or named as left out."""

from __future__ import annotations

import pytest

from agent.ask import ask
from agent.conversation import Conversation
from tools.context import Context

pytestmark = pytest.mark.real

TOLD = [
    # a condition on one class, a change of another
    ("In the Italian regions where woodland exceeds 60 % of the area, how much has artificial land grown from 2009 to "
     "2018?", ("Liguria 74.3 %", "Trentino 60.9 %", "+0.6 percentage points")),
    ("Which Italian regions have more than a half of their land under woodland but less than 6% grassland (2018)?",
     ("woodland (C00)", "> 50 %", "grassland (E00) < 6 %")),
    # more of one class than of another, by place
    ("In welke provincies was er in 2018 meer akkerland dan grasland, en hoe groot was het verschil telkens?",
     ("Zeeland +35,1 procentpunten", "Flevoland +24,9")),
    # the end of each place or class
    ("how much farther north does maize go in Denmark than in Germany?",
     ("difference 1.78°; Denmark 56.55°; Germany 54.77°",)),
    ("Highest LUCAS point with any crop growing on it in each country, give me just the top five countries pls",
     ("Spain 1,547 m", "France 1,531 m", "Austria 1,121 m")),
    ("Vilken är den högst belägna punkten med björk- eller annan lövskog i Sverige, och hur mycket högre ligger den än "
     "den högsta granskogspunkten?", ("Höjd 717 m", "skillnad +72 m")),
    ("Which land cover class has the lowest mean elevation in Croatia, and which the highest?",
     ("Least: cropland (B00) 131.9 m", "woodland (C00) 482 m")),
    ("what is the median, or failing that the mean, altitude of broadleaved woods in Slovakia compared with pine woods "
     "there?", ("405.7 m", "390.5 m", "difference 15.2 m")),
    # two circles
    ("any cherry orchards within 40 km of Kyustendil or Plovdiv?",
     ("within 40 km of Kyustendil: 0 points, of 28", "within 40 km of Plovdiv: 0 points, of 31")),
    # a clause that leans on the one before
    ("Parmi les régions françaises, laquelle arrive en deuxième position pour la part de surfaces artificialisées en "
     "2018, et quel écart avec la première ?", ("Nord-Pas-de-Calais : 9 %", "différence +5,5 points de pourcentage")),
    ("In which year was the share of artificial land in Ireland greatest, and how much more was it than in 2009?",
     ("2022: 4.6 %", "change +0.9 percentage points")),
    ("Liema pajjiżi tal-UE għandhom sehem ta' art artifiċjali ta' aktar minn 10 %, u f'liema post tiġi Malta fosthom?",
     ("Malta 25.9 %", "numru 1 minn 3")),
    ("Cropland points above 1000 m in Austria? Count by crop.", ("rye (B14) 1 point", "other fruit trees")),
    ("Sugar beet points in France and Germany by year, and which year was the peak for each?",
     ("2015: 46 points; then 2018: 44 points (France", "2015: 20 points; then 2018: 6 points (Germany")),
    # years apart, parts, proportions
    ("Kiek kartų Lietuvoje kviečių taškų daugiau negu rapsų taškų, skaičiuojant 2015 ir 2018 metų tyrimus atskirai?",
     ("santykis: 2015: ", "; 2018: ")),
    ("What share of the Danish points with wheat, barley and rye together lay below 20 metres elevation in 2018?",
     ("24.7 %", "18 points", "73 points")),
    ("Country with the greatest relative growth in artificial land 2009 to 2018", ("Slovenia 1.43 times",)),
    ("top crop per NUTS2 region of Romania",
     ("(North-East Romania, 2018, cropland (B00)", "(West Romania, 2018, cropland (B00)")),
    ("Area of woodland in Latvia, 2015, and its coefficient of variation", ("coefficient of variation 1 %", "34,816")),
    # around the end of a class
    ("How many cropland points are there within 20 km of the westernmost woodland point in Portugal in 2018?",
     ("within 20 km of 26601978: 1 point, of 3",)),
    ("Was liegt im Umkreis von 8 km um den höchsten Weinbaupunkt Deutschlands 2018?", ("Rebflächen (B82) 1 Punkt",)),
    ("Mitä on 10 km säteellä Italian korkeimmasta oliivipisteestä 2018?", ("enintään 10 km paikasta: 48321684",)),
    ("How many wheat points lie within 25 km of Toulouse, and how many within 50 km?",
     ("within 25 km of Toulouse", "within 50 km of Toulouse")),
    # those that are first, or meet a condition, of another year
    ("Which three countries had most wheat points in 2018, and what percentage of all wheat points is that?",
     ("France 463 points; then Spain 392 points; Poland 132 points", "55.2 %")),
    ("How many woodland points does the EU have outside the three most wooded countries in 2018?", ("2,826 points",)),
    ("In the countries where woodland exceeds 50 % in 2022, how many cropland points are there in 2018?",
     ("Latvia 53.4 %", "411 points")),
    ("Wie viele Weizenpunkte haben die drei Länder mit den meisten Maispunkten 2018?", ("672 Punkte",)),
    ("Which of the ten EU countries with most grassland in 2022 have more than 500 woodland points in 2018?",
     ("Ireland 59.6 %", "> 500 points")),
    ("Quali sono la prima e l'ultima regione italiana per quota di bosco nel 2022?",
     ("Liguria 74,3 %", "Puglia 9,9 %")),
    ("Qui a plus de vignes, la France ou l'Espagne, et avec quel écart ?", ("Plus : Espagne 2,3 %", "différence 0,8")),
    # what points were and became
    ("Wie viele Grünlandpunkte von 2015 sind 2018 Acker, nach Ländern?", ("Spanien 90 Punkte; dann Frankreich 47",)),
    ("D'où venaient les points de forêt de 2018 qui n'étaient pas forêt en 2015 en France ?", ("arbres (D10) 11 p",)),
    ("Montre-moi les points qui n'étaient pas de la vigne en 2015 et qui en sont en 2018 en France.", ("2 points",)),
    ("Per country, how many woodland points were lost and how many gained between 2015 and 2018?",
     ("Sweden 41 points",)),
    ("How many maize points of 2015 in France were still maize in 2018, and how many had become wheat?",
     ("after: maize (B16)", "before: maize (B16), after: wheat (B11, B12)")),
    ("Milyen növények fordulnak elő Magyarországon, de Ausztriában nem 2018-ban?", ("lucerna (B52)", "Ausztria = 0")),
    # rows without any, both of an order, several ends
    ("Combien de régions italiennes ont plus de 10 points de vigne en 2018 et combien n'en ont aucun ?",
     ("> 10 points", "= 0 point")),
    ("Die drei nördlichsten Maispunkte in Deutschland 2018", ("Breite 54,767°", "; Breite 54,6")),
    ("Crops that occur in Denmark as well as in Greece in 2018, but not in Sweden?",
     ("Greece > 0 points, Sweden = 0",)),
    ("Combien de points de vigne ont les pays où la forêt dépasse 40 % en 2022 ?",
     ("Finlande 66 %", "2018, vignobles")),
    # a use by the word of its cover, heights of several classes, both witnesses, sums
    ("Nombre de points de forêt au Portugal dont l'usage n'était pas forestier en 2018 ?", ("sylviculture (U120)",)),
    ("What's the easternmost woodland point of Poland in 2018 and how high is it?",
     ("Longitude 23.6", "mean elevation")),
    ("À quelle altitude moyenne se trouvent les prairies en Autriche, et à quelle altitude les cultures ?",
     ("prairies et pâturages (E00) : altitude moyenne", "Autriche, 2018, terres cultivées (B00) : altitude moyenne")),
    ("Auf welcher Höhe liegen Weizenpunkte in Österreich im Schnitt, und wie hoch liegt der höchste?",
     ("mittlere Höhe", "Höhe 7")),
    ("Give me both the official area of cropland and the number of cropland points for each Polish region in 2018.",
     ("Greater Poland 14,645 km²", "LUCAS survey: Most: Greater Poland")),
    ("¿Cuántos puntos suman trigo, cebada y maíz en Castilla y León en 2018?", ("maíz (B11, B12, B13, B16)",)),
    # one word for how many and how much
    ("Cik daudz zāles ir Latvijā?", ("19,7 %",)),
]  # fmt: skip


@pytest.mark.parametrize(("question", "told"), TOLD)
def test_every_clause_is_told(question: str, told: tuple[str, ...], real: Context) -> None:
    answer = ask(question, real, router="builtin", debug=True)
    assert answer.status == "answered"
    assert [words for words in told if words not in answer.text] == []


REFUSED = [
    ("what became of the points that were vineyards in 2009 in France?", "There was no survey in 2009"),
    ("How many olive trees died from Xylella in Puglia by 2018?", "died"),
    ("Paljonko Pohjanmaalla on metsää?", "Länsi-Suomi"),
    ("Quali sono le cinque regioni NUTS 2 col maggior calo di seminativi dal 2012 al 2022?", "coltivati (B00)"),
]


@pytest.mark.parametrize(("question", "named"), REFUSED)
def test_what_the_data_do_not_have_is_refused_with_its_reason(question: str, named: str, real: Context) -> None:
    answer = ask(question, real, router="builtin", debug=True)
    assert answer.status == "refused"
    assert named in answer.text


def test_a_clause_that_cannot_be_read_is_named_beside_the_answer_to_the_first(real: Context) -> None:
    question = "How much of Latvia was woodland in 2018, and how many of its trees were haunted?"
    answer = ask(question, real, router="builtin", debug=True)
    assert "53" in answer.text
    assert any("haunted" in caveat for caveat in answer.caveats)


def test_only_those_with_nothing_before_is_asked_back(real: Context) -> None:
    talk = Conversation()
    ask("Show rapeseed on the moon", real, router="builtin", conversation=talk)
    answer = ask("only those below 10 m", real, router="builtin", conversation=talk)
    assert answer.status != "answered"


def test_another_year_is_laid_beside_every_row_of_a_ranking(real: Context) -> None:
    talk = Conversation()
    ask("Rank the Greek regions by shrubland share 2018", real, router="builtin", conversation=talk)
    answer = ask("and with 2009 next to it", real, router="builtin", conversation=talk)
    assert "2009: 43.2 %" in answer.text
    assert "2018: 40 %" in answer.text
