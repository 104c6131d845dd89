-- Which of some regions have published figures, and of which years.
SELECT DISTINCT region_id, year FROM published_cells WHERE region_id IN (SELECT unnest($ids)) ORDER BY region_id, year
