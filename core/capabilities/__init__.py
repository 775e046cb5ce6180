"""What the shop does with the forecast: one folder a capability, with its tables, computation, stored questions and job kinds."""
