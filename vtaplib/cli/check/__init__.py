"""`vtap check`: what is wrong with a plan, a state, what Azure has, or a cloud."""
