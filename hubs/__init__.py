"""Countries, sectors, goals and hubs: who may act for which hub."""
