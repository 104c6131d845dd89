-- The middle of a country's towns: where a disc stands for the country where no location is known.
SELECT country, round(avg(lon), 3) AS lon, round(avg(lat), 3) AS lat FROM places GROUP BY country ORDER BY country
