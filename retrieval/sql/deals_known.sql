-- How many deals lie in each country, and how many have investors from each: what an adjective may mean.
SELECT country AS place, count(*) AS targets, 0 AS investing FROM deals WHERE country IS NOT NULL GROUP BY country
UNION ALL
SELECT place, 0, count(*) FROM deals, unnest(investor_countries) AS of_investor(place) GROUP BY place
