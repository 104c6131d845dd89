-- Which regions have published figures, and of which years.
SELECT DISTINCT region_id, year FROM published_cells WHERE status <> 'not_published' ORDER BY region_id, year
