"""What makes the objects' status follow their spec."""
