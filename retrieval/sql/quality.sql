-- What the build found in its sources, in the order of checking.
SELECT dataset, "check", rows, action, detail, examples FROM quality ORDER BY rowid
