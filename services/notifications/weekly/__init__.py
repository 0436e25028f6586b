"""Once a week each body that has late or soon-due cases is sent one list of them."""
