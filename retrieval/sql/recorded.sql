-- In which survey years a dimension that some lack was recorded at all.
SELECT dimension, year, rows FROM recorded ORDER BY dimension, year
