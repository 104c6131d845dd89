"""Language models as planners: opened by name, held to what retrieval found. LangChain lives here."""
