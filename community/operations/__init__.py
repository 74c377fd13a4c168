"""What people do in the community. One module per part."""
