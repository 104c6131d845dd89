-- Every region that a published figure may speak of.
SELECT id, level, country, same_as FROM regions
WHERE level IN ('group', 'country', 'nuts1', 'nuts2', 'subdivision') ORDER BY id
