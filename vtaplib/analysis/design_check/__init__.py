"""What a cloud would say of a plan, of a state, of what Azure has, or of what it holds itself."""
