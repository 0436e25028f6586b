"""What the five services share: contracts, the messaging engine and the runtime."""
