"""What people fill in to assess their hub and to follow its road map."""
