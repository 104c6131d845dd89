"""What a strong model and an outside client work with: look-ups, the typed query and a few other tools, in plain text.

Knows no language-model library and no protocol: `agent/llm/` puts the tools before a model, `page/mcp_server.py` before
another program.
"""
