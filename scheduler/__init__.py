"""When things happen: the inbox that commits, the clock that rings, the pump that empties the outbox."""
