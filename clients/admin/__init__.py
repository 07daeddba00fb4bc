"""The pages of the staff for quotes and agreements. Django looks here for them."""
