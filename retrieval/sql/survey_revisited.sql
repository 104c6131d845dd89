-- How many points of an area were visited in both of two years.
SELECT count(*) AS revisited FROM (
    SELECT point_id FROM visits_in($regions, $west, $south, $east, $north, $outline, $lon, $lat, $km)
    WHERE year IN ($year_from, $year_to)
    GROUP BY point_id HAVING count(DISTINCT year) = 2
)
