-- Which of some regions were visited by the survey, and in which years.
SELECT DISTINCT region_id, year FROM region_visits WHERE region_id IN (SELECT unnest($ids)) ORDER BY region_id, year
