"""The page people ask on: layout, map, charts, downloads, serving. Does not answer questions: `agent.ask` does."""
