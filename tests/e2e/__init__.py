"""The whole product over HTTP, as citizens, agents, operators and other agencies meet it."""
