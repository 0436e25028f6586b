"""The five services. They never import one another: they exchange facts."""
