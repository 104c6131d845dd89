-- In which years what some surveys lack was recorded.
INSERT INTO recorded
SELECT 'elevation', year, count(elevation) FROM records GROUP BY year HAVING count(elevation) > 0
UNION ALL
SELECT 'month', year, count(obs_date) FROM records GROUP BY year HAVING count(obs_date) > 0
ORDER BY ALL
