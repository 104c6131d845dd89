-- How many pixel years there are, by year.
SELECT year, count(*) AS pixels, count(lc_label) AS labelled FROM pixels GROUP BY year ORDER BY year
