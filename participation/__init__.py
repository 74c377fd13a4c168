"""Who takes part in events: webinars, registration, questions, papers, feedback, case stories."""
